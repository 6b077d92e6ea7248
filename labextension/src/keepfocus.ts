/** Keyboard users stay where they are: the focus does not fall to the page when what had it is taken away. */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';

/**
 * Give the focus to `node` (which must be focusable) when the element inside it that had it is removed, as a pressed
 * button is that gives way to another view. Who moved the focus elsewhere is left alone.
 */
export function keepFocus(node: HTMLElement): IDisposable {
  let last: Element | null = null;
  const onFocusIn = (event: FocusEvent): void => {
    last = event.target instanceof Element ? event.target : null;
  };
  const onFocusOut = (): void => {
    const left = last;
    // Some browsers say it for a removed element, too: that one is not there any more when this is looked at.
    queueMicrotask(() => {
      if (last === left && left?.isConnected) {
        last = null;
      }
    });
  };
  const observer = new MutationObserver(() => {
    if (last !== null && !last.isConnected) {
      last = null;
      if (document.activeElement === document.body) {
        node.focus({ preventScroll: true });
      }
    }
  });
  node.addEventListener('focusin', onFocusIn);
  node.addEventListener('focusout', onFocusOut);
  observer.observe(node, { childList: true, subtree: true });
  return new DisposableDelegate(() => {
    observer.disconnect();
    node.removeEventListener('focusin', onFocusIn);
    node.removeEventListener('focusout', onFocusOut);
  });
}
