import * as React from 'react';

interface IFieldProps {
  label: string;
  value: string;
  placeholder?: string;
  /** What is wrong with the value, in words; empty when nothing is. */
  problem?: string;
  hint?: string;
  type?: 'text' | 'number' | 'search';
  /** Values that are offered; any other may be typed. */
  options?: readonly string[];
  /** Show the label to screen readers only, where the place already says it. */
  quiet?: boolean;
  onChange: (value: string) => void;
}

/** A labelled input; rule and problem are tied to it, so that they are read with it. */
export function Field(props: IFieldProps): React.JSX.Element {
  const id = React.useId();
  const note = props.problem || props.hint;
  return (
    <div className={`jp-Mlpack-Field${props.problem ? ' jp-mod-wrong' : ''}`}>
      <label htmlFor={id} className={props.quiet ? 'jp-Mlpack-Unseen' : undefined}>
        {props.label}
      </label>
      <input
        id={id}
        className="jp-Mlpack-Input"
        type={props.type ?? 'text'}
        min={props.type === 'number' ? 1 : undefined}
        value={props.value}
        placeholder={props.placeholder}
        spellCheck={false}
        autoComplete="off"
        list={props.options ? `${id}-options` : undefined}
        aria-invalid={props.problem ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        onChange={event => props.onChange(event.target.value)}
      />
      {props.options && (
        <datalist id={`${id}-options`}>
          {props.options.map(option => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      {note && (
        <div id={`${id}-note`} className="jp-Mlpack-Field-note">
          {note}
        </div>
      )}
    </div>
  );
}

interface IDraftFieldProps extends Omit<IFieldProps, 'onChange' | 'problem'> {
  /** What is wrong with a text, in words; empty when nothing is. */
  check: (value: string) => string;
  /** A text that is right, once the user has finished it. */
  onDone: (value: string) => void;
}

/** A field that tells as one types what is wrong, and hands a value on only when it is right and finished. */
export function DraftField({ check, onDone, value, ...rest }: IDraftFieldProps): React.JSX.Element {
  const [text, setText] = React.useState(value);
  React.useEffect(() => setText(value), [value]);
  const problem = check(text);
  const done = (): void => {
    if (!problem && text !== value) {
      onDone(text);
    }
  };
  return (
    <div
      onBlur={done}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          done();
        } else if (event.key === 'Escape') {
          setText(value);
        }
      }}
    >
      <Field {...rest} value={text} problem={problem} onChange={setText} />
    </div>
  );
}
