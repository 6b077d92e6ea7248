import * as React from 'react';

/** Grey lines in the place of what is not there yet. */
export function Loading({ label }: { label: string }): React.JSX.Element {
  return (
    <div className="jp-Mlpack-Skeleton" role="status" aria-label={label}>
      {[72, 54, 80, 62, 46].map(width => (
        <div key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
