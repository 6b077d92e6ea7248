import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Field, fieldText, Reading, shortValue } from './parameters';

export interface IFieldRowProps {
  field: Field;
  text: string;
  reading: Reading;
  changed: boolean;
  /** Makes ids unique when two forms are open. */
  form: string;
  trans: TranslationBundle;
  onText(text: string): void;
}

/** One parameter: its name, a control after its kind, whether it was changed, and what is wrong with it. */
export function FieldRow(props: IFieldRowProps): React.JSX.Element {
  const { field, reading, changed, form, trans, onText } = props;
  const id = `${form}-${field.name}`;
  const problem = 'problem' in reading ? reading.problem : null;
  const said = problem ?? ('note' in reading ? reading.note : null);
  return (
    <div className={`jp-Mlpack-Parameter${changed ? ' jp-mod-changed' : ''}`}>
      <label htmlFor={id}>{field.name}</label>
      <Control {...props} id={id} invalid={problem !== null} describedBy={said ? `${id}-said` : undefined} />
      {changed && (
        <span className="jp-Mlpack-Parameter-mark">
          {trans.__('changed')}
          <button
            type="button"
            className="jp-Mlpack-Link"
            aria-label={trans.__('Reset %1', field.name)}
            title={trans.__('Back to %1', shortValue(field.value))}
            onClick={() => onText(fieldText(field.kind, field.value))}
          >
            {trans.__('Reset')}
          </button>
        </span>
      )}
      {said && (
        <div id={`${id}-said`} className={problem ? 'jp-Mlpack-Parameter-problem' : 'jp-Mlpack-Parameter-note'}>
          {said}
        </div>
      )}
    </div>
  );
}

interface IControlProps extends IFieldRowProps {
  id: string;
  invalid: boolean;
  describedBy: string | undefined;
}

function Control({ field, text, id, invalid, describedBy, trans, onText }: IControlProps): React.JSX.Element {
  if (field.kind === 'flag') {
    return (
      <input
        id={id}
        type="checkbox"
        checked={text === 'true'}
        onChange={event => onText(String(event.target.checked))}
      />
    );
  }
  const common = {
    id,
    value: text,
    'aria-invalid': invalid,
    'aria-describedby': describedBy,
    spellCheck: false,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => onText(event.target.value)
  };
  if (field.kind === 'json' || text.includes('\n')) {
    return <textarea {...common} className="jp-Mlpack-Input" rows={Math.min(6, text.split('\n').length)} />;
  }
  return (
    <input
      {...common}
      type="text"
      className="jp-Mlpack-Input"
      inputMode={field.kind === 'number' ? 'decimal' : undefined}
      placeholder={field.kind === 'any' ? trans.__('not set') : undefined}
    />
  );
}
