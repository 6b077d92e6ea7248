import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { problemOf } from '../problems';
import { Image, IMlpack, JobRequest, Problem, Run } from '../tokens';
import { useFollow } from './hooks';
import { Field } from './parameters';
import { hasTraining, imageFields, JobDraft, notebookFields, trainable } from './jobdraft';
import { JobForm } from './jobform';

export interface INewJobProps {
  model: IMlpack;
  draft: JobDraft;
  trans: TranslationBundle;
  onDraft(draft: JobDraft): void;
  onStarted(run: Run): void;
  onClose(): void;
}

/** The form with what it has to know: parameters from the image (else from the notebook), secrets from the notebook. */
export function NewJob({ model, draft, trans, onDraft, onStarted, onClose }: INewJobProps): React.JSX.Element {
  const builds = trainable(model.runs);
  const build = builds.find(run => run.image === draft.image) ?? null;
  useFollow(model, build?.id ?? null);
  const path = build?.path || draft.path;
  React.useEffect(() => {
    if (path && !model.draft(path).inspection) {
      void model.inspect(path);
    }
  }, [model, path]);
  const image = build && model.fold(build.id).image;
  const inspection = path ? model.draft(path).inspection : null;

  const start = async (request: JobRequest): Promise<Problem | null> => {
    try {
      onStarted(await model.train(request));
      return null;
    } catch (error) {
      return problemOf(error, trans);
    }
  };

  return (
    <JobForm
      draft={{ ...draft, path }}
      images={builds.map(run => run.image)}
      fields={readParameters(model, build, path)}
      secrets={inspection?.secrets.map(secret => secret.name) ?? []}
      engines={model.status?.engines ?? []}
      targets={model.status?.targets ?? []}
      accelerator={image ? accelerator(image) : ''}
      rows={model.status?.accelerators ?? []}
      blocked={image && !hasTraining(image) ? trans.__('This image has no training: build one for training.') : ''}
      trans={trans}
      onImage={name => onDraft({ ...draft, image: name, path: builds.find(run => run.image === name)?.path ?? '' })}
      onStart={start}
      onClose={onClose}
    />
  );
}

/** The row of the table of hardware that an image is made for. */
function accelerator({ labels }: Image): string {
  return new Map(labels).get('org.jupyter-mlpack.accelerator') ?? '';
}

/** Null while neither image nor notebook has answered. */
function readParameters(model: IMlpack, build: Run | null, path: string): Field[] | null {
  if (build) {
    const image = model.fold(build.id).image;
    if (image === null) {
      return null;
    }
    const fields = imageFields(image);
    if (fields !== null) {
      return fields;
    }
  }
  if (!path) {
    return [];
  }
  const { inspection, problem } = model.draft(path);
  return inspection ? notebookFields(inspection) : problem ? [] : null;
}
