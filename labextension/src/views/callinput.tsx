import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { choiceText, ICallField } from './callform';

interface ICallInputProps {
  id: string;
  label: string;
  field: ICallField;
  text: string;
  /** What is wrong with the text, in words; empty when nothing is. */
  problem: string;
  onText: (text: string) => void;
  trans: TranslationBundle;
}

/** One value of a request. */
export function CallInput(props: ICallInputProps): React.JSX.Element {
  const { id, label, field, problem } = props;
  return (
    <div className={`jp-Mlpack-Field${problem ? ' jp-mod-wrong' : ''}`}>
      <label htmlFor={id}>
        {label} {field.hint && <span className="jp-Mlpack-Soft">{field.hint}</span>}
      </label>
      <Input {...props} />
      {problem && (
        <div id={`${id}-note`} className="jp-Mlpack-Field-note">
          {problem}
        </div>
      )}
    </div>
  );
}

function Input({ id, field, text, problem, onText, trans }: ICallInputProps): React.JSX.Element {
  const common = {
    id,
    className: 'jp-Mlpack-Input',
    value: text,
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': problem ? `${id}-note` : undefined,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>) =>
      onText(event.target.value)
  };
  if (field.kind === 'flag' || field.kind === 'choice') {
    const values = field.kind === 'flag' ? ['true', 'false'] : field.choices.map(choiceText);
    return (
      <select {...common}>
        {!values.includes(text) && <option value={text}>{text || trans.__('not set')}</option>}
        {values.map(value => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    );
  }
  if (field.kind === 'json') {
    return <textarea {...common} rows={Math.min(8, Math.max(2, text.split('\n').length))} spellCheck={false} />;
  }
  return (
    <input
      {...common}
      type="text"
      inputMode={field.kind === 'number' ? 'decimal' : undefined}
      spellCheck={false}
      autoComplete="off"
      placeholder={field.required ? undefined : trans.__('not set')}
    />
  );
}
