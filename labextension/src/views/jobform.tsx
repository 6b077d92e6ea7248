import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Accelerator, Engine, JobRequest, Problem, TargetOffer } from '../tokens';
import { EngineSelect } from './engineselect';
import { FieldRow } from './parameter';
import { Field } from './parameters';
import { changedValues, Entered, filled, JobDraft, readFields, whyNotStart } from './jobdraft';
import { ProblemCard } from './problem';
import { ResourceFields } from './resourcefields';
import { Secrets } from './secretfields';
import { choosePlace, ReadResources, readResources, targetOf, writeResources } from './where';

export interface IJobFormProps {
  draft: JobDraft;
  /** Names of the images to choose from. */
  images: readonly string[];
  /** The image's parameters; null while they are being read. */
  fields: readonly Field[] | null;
  secrets: readonly string[];
  engines: readonly Engine[];
  targets: readonly TargetOffer[];
  /** What the image is made for, and the table that says what fits that. */
  accelerator: string;
  rows: readonly Accelerator[];
  /** Why this image cannot be trained with; empty when it can. */
  blocked: string;
  trans: TranslationBundle;
  onImage(image: string): void;
  /** Resolves with what went wrong, or null. */
  onStart(request: JobRequest): Promise<Problem | null>;
  onClose(): void;
}

/** What a training runs with: image, parameters, secrets, engine. */
export function JobForm(props: IJobFormProps): React.JSX.Element {
  const { draft, fields, engines, trans } = props;
  const [entered, setEntered] = React.useState<Entered>({});
  const [secrets, setSecrets] = React.useState<Entered>({});
  const [wishes, setWishes] = React.useState<Entered>(() => writeResources(draft.resources ?? {}));
  const [wanted, setWanted] = React.useState(draft.engine);
  const [busy, setBusy] = React.useState(false);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const id = React.useId();
  const states = fields && readFields(fields, draft, entered, trans);
  const engine = choosePlace(engines, props.targets, wanted, props.accelerator, props.rows);
  const target = props.targets.find(({ name }) => name !== '' && name === targetOf(engine));
  const asked = target && readResources(wishes, target, trans);
  const reason = props.blocked || whyNotStart(draft.image, states, engine, trans) || whyNotAsk(asked, trans);

  const start = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (reason || busy || !states) {
      return;
    }
    setBusy(true);
    const { image, path } = draft;
    const where = target ? { engine: '', target: target.name, resources: asked?.resources } : { engine };
    setProblem(
      await props.onStart({ image, path, parameters: changedValues(states), secrets: filled(secrets), ...where })
    );
    setBusy(false);
  };

  return (
    <form className="jp-Mlpack-JobForm" aria-label={trans.__('New training')} onSubmit={event => void start(event)}>
      <h2>{trans.__('New training')}</h2>
      <ImageSelect {...props} id={`${id}-image`} />
      <fieldset>
        <legend>{trans.__('Parameters')}</legend>
        {states === null && <p className="jp-Mlpack-Soft">{trans.__('Reading the parameters …')}</p>}
        {states?.length === 0 && <p className="jp-Mlpack-Soft">{trans.__('This image takes no parameters.')}</p>}
        {states?.map(state => (
          <FieldRow
            key={state.field.name}
            {...state}
            form={id}
            trans={trans}
            onText={text => setEntered(before => ({ ...before, [state.field.name]: text }))}
          />
        ))}
        <Strangers draft={draft} fields={fields} trans={trans} />
      </fieldset>
      <Secrets
        names={props.secrets}
        values={secrets}
        form={id}
        trans={trans}
        onValue={(name, value) => setSecrets(before => ({ ...before, [name]: value }))}
      />
      <EngineSelect
        engines={engines}
        targets={props.targets}
        engine={engine}
        form={id}
        trans={trans}
        onEngine={setWanted}
      />
      {target && asked && (
        <ResourceFields
          target={target}
          values={wishes}
          problems={asked.problems}
          trans={trans}
          onValue={(name, value) => setWishes(before => ({ ...before, [name]: value }))}
        />
      )}
      {problem && <ProblemCard problem={problem} trans={trans} />}
      <div className="jp-Mlpack-JobForm-end">
        <button
          type="submit"
          className="jp-Mlpack-Button jp-mod-primary"
          aria-disabled={Boolean(reason) || busy}
          aria-describedby={reason ? `${id}-reason` : undefined}
        >
          {busy ? trans.__('Starting …') : trans.__('Start training')}
        </button>
        <button type="button" className="jp-Mlpack-Button" onClick={props.onClose}>
          {trans.__('Close')}
        </button>
        {reason && (
          <span id={`${id}-reason`} className="jp-Mlpack-Soft">
            {reason}
          </span>
        )}
      </div>
    </form>
  );
}

function ImageSelect({
  draft,
  images,
  id,
  blocked,
  trans,
  onImage
}: IJobFormProps & { id: string }): React.JSX.Element {
  const names = draft.image && !images.includes(draft.image) ? [draft.image, ...images] : images;
  return (
    <div className="jp-Mlpack-Parameter">
      <label htmlFor={id}>{trans.__('Image')}</label>
      <select id={id} className="jp-Mlpack-Input" value={draft.image} onChange={event => onImage(event.target.value)}>
        {!draft.image && <option value="">{trans.__('Choose an image')}</option>}
        {names.map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {blocked && <div className="jp-Mlpack-Parameter-problem">{blocked}</div>}
    </div>
  );
}

/** Why a target cannot be asked for these resources. */
function whyNotAsk(asked: ReadResources | undefined, trans: TranslationBundle): string {
  const wrong = Object.keys(asked?.problems ?? {}).length > 0;
  return wrong ? trans.__('The resources need another value.') : '';
}

/** Parameters of an earlier run that this image does not know. */
function Strangers({
  draft,
  fields,
  trans
}: Pick<IJobFormProps, 'draft' | 'fields' | 'trans'>): React.JSX.Element | null {
  const known = new Set(fields?.map(field => field.name));
  const left = Object.keys(draft.parameters).filter(name => !known.has(name));
  if (fields === null || !left.length) {
    return null;
  }
  return (
    <p className="jp-Mlpack-Parameter-note">
      {trans.__('Left out, as this image does not know them: %1.', left.join(', '))}
    </p>
  );
}
