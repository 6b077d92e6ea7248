import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Dependency } from '../tokens';
import { sourceWord } from '../words';

/** Colours by how much a source is worth: it ran like this, somebody said so, or only the name is known. */
const TONES: { [source: string]: string } = {
  kernel: 'sure',
  user: 'sure',
  install: 'said',
  declaration: 'said',
  table: 'open',
  packaged: 'own'
};

/** Which source gave a package its name and version; the tooltip says what that is worth. */
export function SourceBadge({ item, trans }: { item: Dependency; trans: TranslationBundle }): React.JSX.Element {
  const source = item.packaged ? 'packaged' : item.resolved_by;
  const { label, title } = sourceWord(source, trans);
  return (
    <span className={`jp-Mlpack-Badge jp-mod-${TONES[source] ?? 'quiet'}`} title={title}>
      {label}
    </span>
  );
}
