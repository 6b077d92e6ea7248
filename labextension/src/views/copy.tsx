import { checkIcon, copyIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

interface ICopyButtonProps {
  text: string;
  /** What is copied, for the button's name: `digest`. */
  label: string;
  trans: TranslationBundle;
}

/** Copies `text`; says so with a tick, and to screen readers. Without a clipboard (no HTTPS) the old command does it. */
export function CopyButton({ text, label, trans }: ICopyButtonProps): React.JSX.Element {
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => {
    const timer = copied ? window.setTimeout(() => setCopied(false), 2000) : undefined;
    return () => window.clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? checkIcon.react : copyIcon.react;
  const name = copied ? trans.__('Copied') : label;
  return (
    <button
      type="button"
      className="jp-Mlpack-IconButton"
      title={name}
      aria-label={name}
      onClick={() => void copyText(text).then(setCopied)}
    >
      <Icon tag="span" />
    </button>
  );
}

interface ICopyLineProps extends ICopyButtonProps {
  /** What the line does, shown before it. */
  caption: string;
  /** What belongs to it, at the caption's end. */
  aside?: React.ReactNode;
}

/** A command line to take along. */
export function CopyLine({ text, caption, aside, label, trans }: ICopyLineProps): React.JSX.Element {
  return (
    <div className="jp-Mlpack-CopyLine">
      <div className="jp-Mlpack-CopyLine-caption">
        <span>{caption}</span>
        {aside}
      </div>
      <div className="jp-Mlpack-CopyLine-box">
        <code tabIndex={0}>{text}</code>
        <CopyButton text={text} label={label} trans={trans} />
      </div>
    </div>
  );
}

/** Whether it reached the clipboard. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
