import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Drift, IMlpack } from '../tokens';

/** What is known of the drift of builds: `undefined` before the answer, null when there is none. */
export interface Drifts {
  of(id: string): Drift | null | undefined;
  ask(id: string): void;
}

/** Asks for drifts, one after the other, each once while the list is there. */
export function useDrifts(model: Pick<IMlpack, 'drift'>): Drifts {
  const [known, setKnown] = React.useState<ReadonlyMap<string, Drift | null>>(new Map());
  const asked = React.useRef(new Set<string>());
  const queue = React.useRef<Promise<void>>(Promise.resolve());
  const ask = React.useCallback(
    (id: string): void => {
      if (asked.current.has(id)) {
        return;
      }
      asked.current.add(id);
      queue.current = queue.current.then(async () => {
        const drift = await model.drift(id).catch(() => null);
        setKnown(before => new Map(before).set(id, drift));
      });
    },
    [model]
  );
  return React.useMemo(() => ({ of: id => known.get(id), ask }), [known, ask]);
}

export interface IDriftBadgeProps {
  id: string;
  drift: Drift | null | undefined;
  trans: TranslationBundle;
  /** The badge came into view: now the answer is wanted. */
  onSeen(id: string): void;
}

/** Whether notebook or packages changed since the image was made; the tooltip says what. */
export function DriftBadge({ id, drift, trans, onSeen }: IDriftBadgeProps): React.JSX.Element {
  const place = React.useRef<HTMLSpanElement>(null);
  React.useEffect(() => {
    if (!place.current || typeof IntersectionObserver === 'undefined') {
      onSeen(id);
      return;
    }
    const observer = new IntersectionObserver(entries => {
      if (entries.some(entry => entry.isIntersecting)) {
        observer.disconnect();
        onSeen(id);
      }
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [id, onSeen]);
  const label = drift && driftLabel(drift, trans);
  return (
    <span ref={place} className="jp-Mlpack-DriftPlace">
      {drift && label && (
        <span className="jp-Mlpack-Badge jp-mod-open" title={driftLines(drift, trans).join('\n')}>
          {label}
        </span>
      )}
    </span>
  );
}

/** One or two words for what changed; empty when nothing did. */
export function driftLabel(drift: Drift, trans: TranslationBundle): string {
  if (drift.image === 'missing') {
    return trans.__('image removed');
  }
  if (drift.notebook === 'missing') {
    return trans.__('notebook gone');
  }
  if (drift.notebook === 'changed') {
    return trans.__('notebook changed');
  }
  if (drift.packages.length) {
    return trans.__('packages changed');
  }
  return drift.image === 'replaced' ? trans.__('replaced') : '';
}

const MOST_PACKAGES = 8;

/** What changed since the image was made, a sentence or a package a line. */
export function driftLines(drift: Drift, trans: TranslationBundle): string[] {
  const lines: string[] = [];
  if (drift.image !== 'same') {
    lines.push(
      drift.image === 'missing'
        ? trans.__('The image is not in the store any more.')
        : trans.__('The image’s name stands for a newer image now.')
    );
  }
  if (drift.notebook !== 'same') {
    lines.push(
      drift.notebook === 'missing'
        ? trans.__('The notebook is not there any more.')
        : trans.__('The notebook changed since this image was made.')
    );
  }
  for (const { name, was, is } of drift.packages.slice(0, MOST_PACKAGES)) {
    if (!was) {
      lines.push(trans.__('%1 %2 is new', name, is));
    } else {
      lines.push(is ? trans.__('%1 %2 is %3 now', name, was, is) : trans.__('%1 %2 is not needed any more', name, was));
    }
  }
  const more = drift.packages.length - MOST_PACKAGES;
  if (more > 0) {
    lines.push(trans._n('%1 more package', '%1 more packages', more));
  }
  return lines;
}
