import { TranslationBundle } from '@jupyterlab/translation';

const REQUIREMENT =
  /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\s*\[[A-Za-z0-9._,\s-]*\])?\s*(?:(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;=<>!~]+(?:\s*,\s*(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;=<>!~]+)*|@\s*\S+)?\s*(?:;.+)?$/;
const DISTRIBUTION = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const SYSTEM = /^[a-z0-9][a-z0-9+.-]+$/;
const HOST = /^(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** What is wrong with a PEP 508 line, in words; empty when nothing is. The server has the last word. */
export function requirementProblem(text: string, trans: TranslationBundle): string {
  return REQUIREMENT.test(text)
    ? ''
    : trans.__('Write a name, and a version if it matters: pandas, or pandas>=2.2,<3.');
}

/** What is wrong with a distribution's name. */
export function distributionProblem(text: string, trans: TranslationBundle): string {
  return DISTRIBUTION.test(text) ? '' : trans.__('Letters, digits, dots and dashes, as pip install takes it.');
}

/** What is wrong with the name of a Debian package. */
export function systemProblem(text: string, trans: TranslationBundle): string {
  return SYSTEM.test(text) ? '' : trans.__('Small letters, digits, plus, dots and dashes, as apt install takes it.');
}

/** What is wrong with a path in the notebook's folder; empty text is none. */
export function fileProblem(text: string, trans: TranslationBundle): string {
  const away = /^[/~]/.test(text) || text.includes('\\') || text.split('/').includes('..');
  return away ? trans.__("A path from the notebook's folder on, without a way out of it.") : '';
}

/** What is wrong with a group or an extra. */
export function groupProblem(text: string, trans: TranslationBundle): string {
  return DISTRIBUTION.test(text) ? '' : trans.__('A name as pyproject.toml has it: letters, digits, dots and dashes.');
}

/** What is wrong with `3.11`; empty text follows the notebook. */
export function pythonProblem(text: string, trans: TranslationBundle): string {
  return text === '' || /^3\.\d{1,2}$/.test(text) ? '' : trans.__('A version in two numbers: 3.11.');
}

/** What is wrong with an image's name (`[host[:port]/]path[:tag]`), told of the part that is to blame. */
export function imageProblem(text: string, trans: TranslationBundle): string {
  if (text === '') {
    return '';
  }
  if (text.includes('://')) {
    return trans.__('A name, not an address: leave out what stands before ://.');
  }
  const colon = text.lastIndexOf(':');
  const tagged = colon > text.lastIndexOf('/');
  if (tagged && !TAG.test(text.slice(colon + 1))) {
    return trans.__('The tag after the colon: letters, digits, dots, dashes and underscores, 128 at most.');
  }
  const parts = (tagged ? text.slice(0, colon) : text).split('/');
  const host = parts.length > 1 && (/[.:]/.test(parts[0]) || parts[0] === 'localhost') ? parts.shift() : undefined;
  if (host !== undefined && !HOST.test(host)) {
    return trans.__('%1 is not a host: a name or an address, and a port if there is one.', host);
  }
  const wrong = parts.find(part => !COMPONENT.test(part));
  if (wrong !== undefined && COMPONENT.test(wrong.toLowerCase())) {
    return trans.__('Small letters only: %1.', wrong.toLowerCase());
  }
  return wrong === undefined
    ? ''
    : trans.__('Small letters and digits, with single dots, dashes or underscores between them; parts joined by /.');
}
