import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isOver } from '../fold';
import { IPlaces } from '../places';
import { newestOf, serviceOf } from '../serving';
import { IMlpack, Run } from '../tokens';
import { BuildActions } from './buildactions';
import { CopyLine } from './copy';
import { driftLines, Drifts, useDrift } from './drift';
import { useFollow } from './hooks';
import { Layers } from './layers';
import { Pushes } from './pushes';
import { ServiceCard } from './service';

export interface IBuildDetailProps {
  model: IMlpack;
  run: Run;
  drifts: Drifts;
  places: IPlaces;
  trans: TranslationBundle;
  onRemove(id: string): void;
  attempt(work: Promise<unknown>): void;
}

/** What an opened row shows: layers, what changed since, and what can be done. */
export function BuildDetail(props: IBuildDetailProps): React.JSX.Element {
  const { model, run, drifts, trans } = props;
  const made = run.state === 'succeeded';
  const service = newestOf(model, run, 'service');
  useFollow(model, run.id);
  useFollow(model, service?.id ?? null);
  React.useEffect(() => {
    if (made) {
      drifts.ask(run.id);
    }
  }, [made, run.id, drifts]);
  const { image, layers } = model.fold(run.id);
  const drift = useDrift(drifts, run.id) ?? null;
  const changes = drift ? driftLines(drift, trans) : [];
  return (
    <div className="jp-Mlpack-BuildDetail">
      <h2 className="jp-Mlpack-Unseen">{trans.__('Build of %1', run.image || run.path)}</h2>
      <BuildActions {...props} drift={drift} serving={service !== null && !isOver(service.state)} />
      {service && <ServiceCard {...serviceOf(model, service, props.attempt)} trans={trans} />}
      {changes.length > 0 && (
        <ul className="jp-Mlpack-BuildDetail-changes" aria-label={trans.__('Changed since')}>
          {changes.map(line => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      {run.failure && <p className="jp-Mlpack-BuildDetail-failure">{run.failure}</p>}
      {image && <Layers image={image} exported={layers} trans={trans} />}
      {made && run.digest && (
        <CopyLine caption={trans.__('Digest')} text={run.digest} label={trans.__('Copy the digest')} trans={trans} />
      )}
      <Pushes model={model} build={run} trans={trans} attempt={props.attempt} />
      <p>
        <a href={model.logUrl(run.id)} target="_blank" rel="noreferrer">
          {trans.__('Open the whole log')}
        </a>
      </p>
    </div>
  );
}
