import * as React from 'react';

/**
 * When a view goes and takes along what had the focus, the element of the returned ref gets it: people who use the
 * keyboard stay where they were. Focus that is elsewhere is left alone.
 */
export function useKeptFocus(view: string): React.RefObject<HTMLHeadingElement> {
  const target = React.useRef<HTMLHeadingElement>(null);
  const shown = React.useRef(view);
  const panel = target.current?.closest('[role=region]');
  // Asked before the old view goes: afterwards the focus is nowhere.
  const inside = shown.current !== view && panel?.contains(document.activeElement) === true;
  React.useLayoutEffect(() => {
    shown.current = view;
    if (inside && (document.activeElement === null || document.activeElement === document.body)) {
      target.current?.focus();
    }
  }, [view, inside]);
  return target;
}
