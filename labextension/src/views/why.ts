import { TranslationBundle } from '@jupyterlab/translation';

import { Evidence, Location } from '../tokens';

/** A place in words: `cell 3`, `requirements.txt, line 1`, or the notebook's metadata. */
export function placeText(location: Location, trans: TranslationBundle): string {
  if (location.cell !== null) {
    return trans.__('cell %1', location.cell);
  }
  if (location.path === '' || location.path.endsWith('.ipynb')) {
    return trans.__("the notebook's metadata");
  }
  return location.line === null ? location.path : trans.__('%1, line %2', location.path, location.line);
}

/** One plain sentence for a piece of evidence; the text that it was read from goes into the tooltip. */
export function whyText(evidence: Evidence, trans: TranslationBundle): string {
  const place = placeText(evidence.location, trans);
  switch (evidence.rule) {
    case 'IMP1':
      return trans.__('Imported in %1', place);
    case 'IMP2':
      return trans.__('Loaded by name in %1', place);
    case 'IMP3':
      return trans.__('Loaded by a magic in %1', place);
    case 'IMP4':
      return trans.__('Imported by %1', place);
    case 'IMP5':
      return trans.__('Run from %1', place);
    case 'PIP1':
      return trans.__('Installed in %1', place);
    case 'PIP2':
      return trans.__('Listed in %1', place);
    case 'PIP3':
      return trans.__('Installed from its source in %1', place);
    case 'CND1':
      return trans.__('Installed with conda in %1', place);
    case 'APT1':
      return trans.__('Installed with apt in %1', place);
    case 'FILE1':
      return trans.__('Read in %1', place);
    case 'OUT1':
    case 'OUT2':
      return trans.__('Written in %1', place);
    case 'SEC1':
    case 'SEC2':
      return trans.__('Asked for in %1', place);
    case 'KRN1':
      return trans.__("Installed in the notebook's kernel");
    case 'NEED1':
      return sentence(evidence.text.split(': ').slice(1).join(': ') || evidence.text);
    default:
      return ruleText(evidence, place, trans);
  }
}

/** Families of rules: declarations say where, hardware says what and where, all others their own text. */
function ruleText({ rule, text }: Evidence, place: string, trans: TranslationBundle): string {
  if (rule.startsWith('DCL')) {
    return trans.__('Declared in %1', place);
  }
  return /^(?:HW|PY)\d/.test(rule) ? trans.__('%1 in %2', text, place) : sentence(text);
}

/** What a tooltip adds: the text itself, its line, and the rule's code for a bug report. */
export function evidenceTitle(evidence: Evidence, trans: TranslationBundle): string {
  const { cell, line } = evidence.location;
  const where = cell !== null && line !== null ? trans.__('Cell %1, line %2', cell, line) : '';
  return [evidence.text, where, trans.__('Rule %1', evidence.rule)].filter(part => part !== '').join('\n');
}

/** With a capital letter, as sentences begin; a program's own word (`--flag`, `x=1`) stays as it is. */
function sentence(text: string): string {
  return /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
