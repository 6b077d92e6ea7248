import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Run } from '../tokens';

export interface IOutputsProps {
  run: Pick<Run, 'output' | 'outputs' | 'ended'>;
  trans: TranslationBundle;
  open(path: string): void;
}

/** The files that a training made, the executed notebook first; a click opens them. */
export function Outputs({ run, trans, open }: IOutputsProps): React.JSX.Element | null {
  if (!run.outputs.length) {
    return null;
  }
  const notebooks = run.outputs.filter(path => path.endsWith('.ipynb'));
  const others = run.outputs.filter(path => !path.endsWith('.ipynb'));
  return (
    <section aria-label={trans.__('Outputs')}>
      <h3>{trans.__('Outputs')}</h3>
      <ul className="jp-Mlpack-Outputs">
        {[...notebooks, ...others].map(path => (
          <li key={path}>
            <button type="button" className="jp-Mlpack-Link" onClick={() => open(path)}>
              {inside(run.output, path)}
            </button>
            {notebooks.includes(path) && <span className="jp-Mlpack-Soft">{trans.__('the executed notebook')}</span>}
          </li>
        ))}
      </ul>
      {run.output && <p className="jp-Mlpack-Soft">{trans.__('They are in %1.', run.output)}</p>}
    </section>
  );
}

/** A path as seen from its folder. */
function inside(folder: string, path: string): string {
  return folder && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}
