import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { pieces } from './ansi';
import { atEnd, ILine, LINE, windowOf } from './logview';

interface ILogProps {
  lines: readonly ILine[];
  /** How many lines came before these and are on the server only. */
  cut?: number;
  /** The line to open at and to mark, counted from 0 in `lines`; null follows the end. */
  mark: number | null;
  /** Where the whole log is. */
  href: string;
  trans: TranslationBundle;
}

/** A log that follows its end while one looks at the end. Only the lines in sight exist. */
export function Log({ lines, cut = 0, mark, href, trans }: ILogProps): React.JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const [following, setFollowing] = React.useState(mark === null);
  const [sight, setSight] = React.useState({ top: 0, height: 320 });
  const look = React.useCallback((): void => {
    const { scrollTop: top = 0, clientHeight = 0 } = box.current ?? {};
    const height = clientHeight || 320;
    setSight(old => (old.top === top && old.height === height ? old : { top, height }));
  }, []);
  React.useLayoutEffect(() => {
    if (box.current && following) {
      box.current.scrollTop = box.current.scrollHeight;
      look();
    }
  }, [lines, lines.length, following, look]);
  React.useLayoutEffect(() => {
    if (box.current && mark !== null) {
      box.current.scrollTop = Math.max(0, mark * LINE - box.current.clientHeight / 3);
      setFollowing(false);
      look();
    }
  }, [mark, look]);
  const [first, last] = windowOf(sight.top, sight.height, lines.length);
  return (
    <div className="jp-Mlpack-Log">
      <div className="jp-Mlpack-Log-frame">
        <div
          ref={box}
          className="jp-Mlpack-Log-lines"
          role="log"
          aria-live="off"
          aria-label={trans.__('Log')}
          tabIndex={0}
          onScroll={event => {
            look();
            setFollowing(atEnd(event.currentTarget));
          }}
        >
          <div className="jp-Mlpack-Log-canvas" style={{ height: lines.length * LINE }}>
            <div style={{ transform: `translateY(${first * LINE}px)` }}>
              {lines.slice(first, last).map((line, index) => (
                <LogLine key={first + index} text={line.text} marked={first + index === mark} />
              ))}
            </div>
          </div>
          {lines.length === 0 && <p className="jp-Mlpack-Soft">{trans.__('Nothing written yet.')}</p>}
        </div>
        {!following && lines.length > 0 && (
          <button
            type="button"
            className="jp-Mlpack-Log-end"
            onClick={() => setFollowing(true)}
            title={trans.__('Follow what comes')}
          >
            {trans.__('To the end')}
          </button>
        )}
      </div>
      <div className="jp-Mlpack-Log-foot jp-Mlpack-Soft">
        <span>{trans._n('%1 line', '%1 lines', lines.length + cut)}</span>
        <a href={href} target="_blank" rel="noreferrer">
          {trans.__('Open full log')}
        </a>
      </div>
    </div>
  );
}

interface ILogLineProps {
  text: string;
  marked: boolean;
}

/** A line; drawn once, however often the log around it changes. */
const LogLine = React.memo(function LogLine({ text, marked }: ILogLineProps): React.JSX.Element {
  return (
    <div className={`jp-Mlpack-Log-line${marked ? ' jp-mod-marked' : ''}`}>
      {pieces(text).map((piece, index) => (
        <span key={index} className={piece.className || undefined}>
          {piece.text}
        </span>
      ))}
    </div>
  );
});
