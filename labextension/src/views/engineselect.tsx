import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Engine } from '../tokens';

export interface IEngineSelectProps {
  engines: readonly Engine[];
  engine: string;
  form: string;
  trans: TranslationBundle;
  onEngine(name: string): void;
}

/** Where a training runs: whatever the server offers, and why some of it cannot be used. */
export function EngineSelect({ engines, engine, form, trans, onEngine }: IEngineSelectProps): React.JSX.Element {
  const id = `${form}-engine`;
  const missing = engines.filter(candidate => !candidate.available);
  return (
    <div className="jp-Mlpack-Parameter">
      <label htmlFor={id}>{trans.__('Runs on')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value={engine}
        aria-describedby={missing.length ? `${id}-said` : undefined}
        onChange={event => onEngine(event.target.value)}
      >
        {!engine && <option value="">{trans.__('Nothing available')}</option>}
        {engines.map(candidate => (
          <option key={candidate.name} value={candidate.name} disabled={!candidate.available}>
            {engineWord(candidate.name, trans)}
          </option>
        ))}
      </select>
      {missing.length > 0 && (
        <ul id={`${id}-said`} className="jp-Mlpack-Parameter-note">
          {missing.map(candidate => (
            <li key={candidate.name}>{trans.__('%1: %2', engineWord(candidate.name, trans), candidate.why)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** An engine in words; one that we do not know is told by its name. */
export function engineWord(name: string, trans: TranslationBundle): string {
  switch (name) {
    case 'process':
      return trans.__('This server, without Docker');
    case 'docker':
      return trans.__('Docker on this server');
    case 'kubernetes':
      return trans.__('Kubernetes');
    default:
      return name;
  }
}
