import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export interface ISecretsProps {
  /** Names of the environment variables that the notebook reads. */
  names: readonly string[];
  values: { [name: string]: string };
  form: string;
  trans: TranslationBundle;
  onValue(name: string, value: string): void;
}

/** The secrets that a notebook asks for: entered anew for each run, and kept nowhere. */
export function Secrets({ names, values, form, trans, onValue }: ISecretsProps): React.JSX.Element | null {
  if (!names.length) {
    return null;
  }
  return (
    <fieldset aria-describedby={`${form}-secrets`}>
      <legend>{trans.__('Secrets')}</legend>
      <p id={`${form}-secrets`} className="jp-Mlpack-Soft">
        {trans.__(
          'Each becomes an environment variable of this one run. It is not kept: not in the image, not in the notebook, not in the history. An empty one is not set.'
        )}
      </p>
      {names.map(name => (
        <div className="jp-Mlpack-Parameter" key={name}>
          <label htmlFor={`${form}-secret-${name}`}>{name}</label>
          <input
            id={`${form}-secret-${name}`}
            className="jp-Mlpack-Input"
            type="password"
            autoComplete="new-password"
            value={values[name] ?? ''}
            onChange={event => onValue(name, event.target.value)}
          />
        </div>
      ))}
    </fieldset>
  );
}
