import * as React from 'react';

export interface IOption {
  value: string;
  label: string;
}

interface ISelectProps {
  label: string;
  value: string;
  options: readonly IOption[];
  hint?: string;
  onChange: (value: string) => void;
}

/** A labelled choice among few; a value that nobody offers stands among them as it is. */
export function Select({ label, value, options, hint, onChange }: ISelectProps): React.JSX.Element {
  const id = React.useId();
  const known = options.some(option => option.value === value);
  return (
    <div className="jp-Mlpack-Field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="jp-Mlpack-Input"
        value={value}
        aria-describedby={hint ? `${id}-note` : undefined}
        onChange={event => onChange(event.target.value)}
      >
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
        {!known && <option value={value}>{value}</option>}
      </select>
      {hint && (
        <div id={`${id}-note`} className="jp-Mlpack-Field-note">
          {hint}
        </div>
      )}
    </div>
  );
}
