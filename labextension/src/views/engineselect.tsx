import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Engine, Run, TargetOffer } from '../tokens';
import { targetOf, targetPlace, whyNotTarget } from './where';

export interface IEngineSelectProps {
  engines: readonly Engine[];
  /** Places beside this machine; none where nothing runs elsewhere. */
  targets?: readonly TargetOffer[];
  /** The engine's name, or a target's as `where.ts` writes it. */
  engine: string;
  form: string;
  trans: TranslationBundle;
  onEngine(name: string): void;
}

/** Where it runs: whatever the server offers, what it says of it, and why some cannot be used. */
export function EngineSelect(props: IEngineSelectProps): React.JSX.Element {
  const { engines, engine, form, trans, onEngine } = props;
  const targets = props.targets ?? [];
  const id = `${form}-engine`;
  const named = targets.filter(target => target.name);
  const said = [...whySaid(engines, engine, trans), ...targetsSaid(targets, engine, trans)];
  const options = engines.map(candidate => (
    <option key={candidate.name} value={candidate.name} disabled={!candidate.available}>
      {engineWord(candidate.name, trans)}
    </option>
  ));
  return (
    <div className="jp-Mlpack-Parameter">
      <label htmlFor={id}>{trans.__('Runs on')}</label>
      <select
        id={id}
        className="jp-Mlpack-Input"
        value={engine}
        aria-describedby={said.length ? `${id}-said` : undefined}
        onChange={event => onEngine(event.target.value)}
      >
        {!engine && <option value="">{trans.__('Nothing available')}</option>}
        {named.length > 0 ? (
          <optgroup label={trans.__('Here, as long as this server runs')}>{options}</optgroup>
        ) : (
          options
        )}
        {named.length > 0 && (
          <optgroup label={trans.__('Targets, which go on without it')}>
            {named.map(target => (
              <option
                key={target.name}
                value={targetPlace(target.name)}
                disabled={whyNotTarget(target, engines) !== ''}
              >
                {targetWord(target, trans)}
              </option>
            ))}
          </optgroup>
        )}
      </select>
      {said.length > 0 && (
        <ul id={`${id}-said`} className="jp-Mlpack-Parameter-note">
          {said.map(line => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function whySaid(engines: readonly Engine[], engine: string, trans: TranslationBundle): string[] {
  const chosen = engines.find(candidate => candidate.name === engine);
  const missing = engines.filter(candidate => !candidate.available);
  return [
    ...(chosen?.why ? [chosen.why] : []),
    ...missing.map(candidate => trans.__('%1: %2', engineWord(candidate.name, trans), candidate.why))
  ];
}

/** What the chosen target offers, and what is wrong with those that cannot be used. */
function targetsSaid(targets: readonly TargetOffer[], place: string, trans: TranslationBundle): string[] {
  const chosen = targets.find(target => target.name === targetOf(place) && target.name);
  return [
    ...(chosen ? [trans.__('%1 offers %2.', chosen.name, chosen.offer)] : []),
    ...targets.filter(target => target.why).map(target => (target.name ? `${target.name}: ${target.why}` : target.why))
  ];
}

/** `gpu-cluster (Kubernetes)` */
function targetWord({ name, engine }: TargetOffer, trans: TranslationBundle): string {
  return name === engine ? name : trans.__('%1 (%2)', name, engineName(engine, trans));
}

/** Where a run runs, or ran, in words. */
export function placeWord({ engine, target }: Pick<Run, 'engine' | 'target'>, trans: TranslationBundle): string {
  if (!target) {
    return engineWord(engine, trans);
  }
  return target === engine ? target : trans.__('%1 (%2)', target, engineName(engine, trans));
}

/** An engine in words; one that we do not know is told by its name. */
export function engineWord(name: string, trans: TranslationBundle): string {
  switch (name) {
    case 'process':
      return trans.__('This server, without Docker');
    case 'docker':
      return trans.__('Docker on this server');
    default:
      return engineName(name, trans);
  }
}

/** An engine by its own name, wherever it is. */
function engineName(name: string, trans: TranslationBundle): string {
  switch (name) {
    case 'docker':
      return trans.__('Docker');
    case 'swarm':
      return trans.__('Docker Swarm');
    case 'kubernetes':
      return trans.__('Kubernetes');
    case 'slurm':
      return trans.__('Slurm');
    default:
      return name;
  }
}
