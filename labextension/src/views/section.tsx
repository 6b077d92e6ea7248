import * as React from 'react';

interface ISectionProps {
  title: string;
  /** A few words at the end of the title's line: a count, a sum. */
  aside?: React.ReactNode;
  children: React.ReactNode;
}

/** A titled block of a tab. */
export function Section({ title, aside, children }: ISectionProps): React.JSX.Element {
  const id = React.useId();
  return (
    <section className="jp-Mlpack-Section" aria-labelledby={id}>
      <h3 id={id} className="jp-Mlpack-Section-title">
        <span>{title}</span>
        {aside !== undefined && <span className="jp-Mlpack-Section-aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}
