/** A piece of a log line and the classes of its colours; text only, so nothing in a log can become markup. */
export interface IPiece {
  text: string;
  className: string;
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
/** `ESC [ ... letter`, `ESC ] ... BEL`, those cut off at the end, and lone escapes. */
const ESCAPES =
  /\u001b\[([0-9;:?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b\[[0-9;:?]*$|\u001b[@-Z\\-_]?/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const LONGEST = 4000;

/** A line as a terminal shows it: what a carriage return overwrote is gone, colours are classes. */
export function pieces(line: string): IPiece[] {
  const shown = line.replace(/\r+$/, '');
  let text = shown.slice(shown.lastIndexOf('\r') + 1);
  if (text.length > LONGEST) {
    text = `${text.slice(0, LONGEST)}…`;
  }
  const found: IPiece[] = [];
  let className = '';
  let from = 0;
  const add = (to: number): void => {
    const part = text.slice(from, to).replace(CONTROLS, '');
    if (part !== '') {
      found.push({ text: part, className });
    }
  };
  for (const match of text.matchAll(ESCAPES)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm') {
      className = styled(className, match[1]);
    }
  }
  add(text.length);
  return found;
}

/** The text alone. */
export function plainText(line: string): string {
  return pieces(line)
    .map(piece => piece.text)
    .join('');
}

/** The classes after a `SGR` sequence. Backgrounds and exact colours are left out: themes could not follow them. */
function styled(className: string, codes: string): string {
  const classes = new Set(className.split(' ').filter(Boolean));
  const numbers = (codes || '0').split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at];
    if (code === 38 || code === 48) {
      at += numbers[at + 1] === 5 ? 2 : 4;
    } else {
      apply(classes, code);
    }
  }
  return [...classes].join(' ');
}

function apply(classes: Set<string>, code: number): void {
  const colour = code >= 30 && code <= 37 ? code - 30 : code >= 90 && code <= 97 ? code - 90 : null;
  if (code === 0) {
    classes.clear();
  } else if (code === 1) {
    classes.add('jp-mod-bold');
  } else if (code === 22) {
    classes.delete('jp-mod-bold');
  } else if (colour !== null || code === 39) {
    COLOURS.forEach(name => classes.delete(`jp-mod-${name}`));
    if (colour !== null) {
      classes.add(`jp-mod-${COLOURS[colour]}`);
    }
  }
}
