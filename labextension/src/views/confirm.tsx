import * as React from 'react';

interface IConfirmProps {
  /** The button before, and what it asks then. */
  label: string;
  question: string;
  yes: string;
  no: string;
  disabled?: boolean;
  onConfirm: () => void;
}

/** A button that asks once more in its own place. Focus goes to the answer that changes nothing; Escape is that answer. */
export function ConfirmButton(props: IConfirmProps): React.JSX.Element {
  const [asking, setAsking] = React.useState(false);
  const opener = React.useRef<HTMLButtonElement>(null);
  const refusal = React.useRef<HTMLButtonElement>(null);
  const asked = React.useRef(false);
  React.useEffect(() => {
    if (asking) {
      refusal.current?.focus();
    } else if (asked.current) {
      opener.current?.focus();
    }
    asked.current = asking;
  }, [asking]);
  if (!asking) {
    return (
      <button
        ref={opener}
        type="button"
        className="jp-Mlpack-Button"
        aria-disabled={props.disabled}
        onClick={() => !props.disabled && setAsking(true)}
      >
        {props.label}
      </button>
    );
  }
  return (
    <span
      className="jp-Mlpack-Confirm"
      role="group"
      aria-label={props.question}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          setAsking(false);
        }
      }}
    >
      <span>{props.question}</span>
      <button
        type="button"
        className="jp-Mlpack-Button jp-mod-danger"
        onClick={() => {
          setAsking(false);
          props.onConfirm();
        }}
      >
        {props.yes}
      </button>
      <button ref={refusal} type="button" className="jp-Mlpack-Button" onClick={() => setAsking(false)}>
        {props.no}
      </button>
    </span>
  );
}
