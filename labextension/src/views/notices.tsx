import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Notice } from '../tokens';
import { Reveal } from './place';
import { placeText } from './why';

/** The tabs, and `choices`: what only repeats what the list of choices shows. */
export type Topic = 'packages' | 'hardware' | 'run' | 'choices';

const TOPICS: readonly [Topic, RegExp][] = [
  ['choices', /^(?:unresolved-ignored|left-out)$/],
  ['hardware', /^(?:cuda-|no-kernels|driver-|hardware|accelerator)/],
  ['run', /^(?:file-|output|secret|parameter|stateful|mount|folder)/]
];

/** On which tab a notice belongs: by the beginning of its code, else with the packages. */
export function topicOf(code: string): Topic {
  return TOPICS.find(([, pattern]) => pattern.test(code))?.[0] ?? 'packages';
}

interface INoticesProps {
  notices: readonly Notice[];
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What one should know although it stops nothing; each leads to its cell. */
export function Notices({ notices, reveal, trans }: INoticesProps): React.JSX.Element | null {
  if (notices.length === 0) {
    return null;
  }
  return (
    <ul className="jp-Mlpack-Notices" aria-label={trans.__('Worth knowing')}>
      {notices.map((notice, index) => (
        <li key={index} className="jp-Mlpack-Callout jp-mod-warn">
          {notice.text}{' '}
          {notice.location !== null && notice.location.cell !== null && (
            <button type="button" className="jp-Mlpack-Link" onClick={() => notice.location && reveal(notice.location)}>
              {trans.__('Go to %1', placeText(notice.location, trans))}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
