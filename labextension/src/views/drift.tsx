import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Drift, IMlpack } from '../tokens';

/** The drifts of builds: asked one after the other, each once while the list is there. */
export class Drifts {
  constructor(private _model: Pick<IMlpack, 'drift'>) {}

  /** `undefined` before the answer, null when there is none. */
  of(id: string): Drift | null | undefined {
    return this._known.get(id);
  }

  ask(id: string): void {
    if (!this._asked.has(id)) {
      this._asked.add(id);
      this._queue = this._queue.then(() => this._answer(id));
    }
  }

  /** Call `told` after each answer, until the returned function is called. */
  readonly subscribe = (told: () => void): (() => void) => {
    this._told.add(told);
    return () => this._told.delete(told);
  };

  private async _answer(id: string): Promise<void> {
    this._known.set(id, await this._model.drift(id).catch(() => null));
    this._told.forEach(told => told());
  }

  private _known = new Map<string, Drift | null>();
  private _asked = new Set<string>();
  private _told = new Set<() => void>();
  private _queue = Promise.resolve();
}

/** The drift of a build; only who uses this is drawn again when the answer comes. */
export function useDrift(drifts: Drifts, id: string): Drift | null | undefined {
  return React.useSyncExternalStore(drifts.subscribe, () => drifts.of(id));
}

export interface IDriftBadgeProps {
  id: string;
  drifts: Drifts;
  trans: TranslationBundle;
}

/** Whether notebook or packages changed since the image was made; the tooltip says what. Asks once it is in view. */
export function DriftBadge({ id, drifts, trans }: IDriftBadgeProps): React.JSX.Element {
  const drift = useDrift(drifts, id);
  const place = React.useRef<HTMLSpanElement>(null);
  React.useEffect(() => {
    if (!place.current || typeof IntersectionObserver === 'undefined') {
      drifts.ask(id);
      return;
    }
    const observer = new IntersectionObserver(entries => {
      if (entries.some(entry => entry.isIntersecting)) {
        observer.disconnect();
        drifts.ask(id);
      }
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [id, drifts]);
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
