import * as React from 'react';

/**
 * The server's time, read anew each second while something goes on and the page is in sight: only what shows it is
 * drawn again.
 */
export function useNow(now: () => number, active: boolean): number {
  const [time, setTime] = React.useState(now);
  const latest = React.useRef(now);
  latest.current = now;
  React.useEffect(() => {
    let timer: number | undefined;
    const tick = (): void => {
      setTime(latest.current());
      timer = document.hidden ? undefined : window.setTimeout(tick, 1000);
    };
    const shown = (): void => {
      window.clearTimeout(timer);
      tick();
    };
    if (active) {
      tick();
      document.addEventListener('visibilitychange', shown);
    }
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [active]);
  return time;
}
