import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Evidence, Location } from '../tokens';
import { evidenceTitle, whyText } from './why';

/** What goes to a place in the notebook: scrolls there, selects the cell and flashes it. */
export type Reveal = (location: Location) => void;

interface IWhyProps {
  evidence: readonly Evidence[];
  reveal: Reveal;
  trans: TranslationBundle;
}

/** Why something is here: the first piece of evidence as a sentence that leads to its cell; the rest on demand. */
export function Why({ evidence, reveal, trans }: IWhyProps): React.JSX.Element | null {
  const [open, setOpen] = React.useState(false);
  const told = unique(evidence, trans);
  if (told.length === 0) {
    return null;
  }
  const shown = open ? told : told.slice(0, 1);
  return (
    <span className="jp-Mlpack-Why">
      {shown.map((item, index) => (
        <Reason key={index} evidence={item} reveal={reveal} trans={trans} />
      ))}
      {told.length > 1 && (
        <button
          type="button"
          className="jp-Mlpack-Link jp-mod-more"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? trans.__('Fewer') : trans._n('%1 more', '%1 more', told.length - 1)}
        </button>
      )}
    </span>
  );
}

interface IReasonProps {
  evidence: Evidence;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** One piece of evidence: a link if it stands in a cell, else plain text. */
export function Reason({ evidence, reveal, trans }: IReasonProps): React.JSX.Element {
  const text = whyText(evidence, trans);
  const title = evidenceTitle(evidence, trans);
  return evidence.location.cell === null ? (
    <span title={title}>{text}</span>
  ) : (
    <button type="button" className="jp-Mlpack-Link" title={title} onClick={() => reveal(evidence.location)}>
      {text}
    </button>
  );
}

/** The first of those that read the same: five imports in one cell are one reason. */
function unique(evidence: readonly Evidence[], trans: TranslationBundle): Evidence[] {
  const seen = new Map<string, Evidence>();
  for (const item of evidence) {
    const text = whyText(item, trans);
    if (!seen.has(text)) {
      seen.set(text, item);
    }
  }
  return [...seen.values()];
}
