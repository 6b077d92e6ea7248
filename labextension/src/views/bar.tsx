import * as React from 'react';

interface IBarProps {
  label: string;
  /** From 0 to 1; null while nobody knows how far it is. */
  value: number | null;
  /** What a screen reader says in place of per cent. */
  text?: string;
}

/** A thin progress bar with a name of its own. */
export function Bar({ label, value, text }: IBarProps): React.JSX.Element {
  return (
    <progress
      className="jp-Mlpack-Bar"
      aria-label={label}
      aria-valuetext={text}
      max={1}
      value={value === null ? undefined : Math.min(1, Math.max(0, value))}
    />
  );
}
