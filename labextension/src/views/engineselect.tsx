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

/** Where a training runs: whatever the server offers, what it says of it, and why some cannot be used. */
export function EngineSelect({ engines, engine, form, trans, onEngine }: IEngineSelectProps): React.JSX.Element {
  const id = `${form}-engine`;
  const chosen = engines.find(candidate => candidate.name === engine);
  const missing = engines.filter(candidate => !candidate.available);
  const said = [
    ...(chosen?.why ? [chosen.why] : []),
    ...missing.map(candidate => trans.__('%1: %2', engineWord(candidate.name, trans), candidate.why))
  ];
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
        {engines.map(candidate => (
          <option key={candidate.name} value={candidate.name} disabled={!candidate.available}>
            {engineWord(candidate.name, trans)}
          </option>
        ))}
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
