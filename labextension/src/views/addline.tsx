import * as React from 'react';

import { Field } from './field';

interface IAddLineProps {
  label: string;
  placeholder: string;
  button: string;
  /** What is wrong with a text, in words; empty when nothing is. */
  check: (text: string) => string;
  onAdd: (text: string) => void;
}

/** One input and its button: Enter adds, and the input is free for the next one. */
export function AddLine({ label, placeholder, button, check, onAdd }: IAddLineProps): React.JSX.Element {
  const [text, setText] = React.useState('');
  const problem = text ? check(text.trim()) : '';
  return (
    <form
      className="jp-Mlpack-AddLine"
      onSubmit={event => {
        event.preventDefault();
        if (text.trim() && !problem) {
          onAdd(text.trim());
          setText('');
        }
      }}
    >
      <Field label={label} quiet value={text} placeholder={placeholder} problem={problem} onChange={setText} />
      <button type="submit" className="jp-Mlpack-Button" disabled={!text.trim() || problem !== ''}>
        {button}
      </button>
    </form>
  );
}
