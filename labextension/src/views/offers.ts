import { TranslationBundle } from '@jupyterlab/translation';

import { Accelerator, Status } from '../tokens';
import { hardwareWord } from '../words';
import { IOption } from './select';

/** What the server offers those who choose. */
export type IOffers = Pick<Status, 'purposes' | 'accelerators' | 'stacks' | 'platforms'>;

/** Until the server has said what it offers. */
export const NO_OFFERS: IOffers = {
  purposes: [{ name: 'training', available: true, why: '' }],
  accelerators: [],
  stacks: [],
  platforms: []
};

/** Kinds that are offered until the server has told the rows of its table. */
const KINDS = ['cpu', 'cuda', 'rocm'];

/** The rows of the table, each kind that has several first; and what is suggested, if it is none of them. */
export function hardwareOptions(rows: readonly Accelerator[], suggested: string, trans: TranslationBundle): IOption[] {
  const names = rows.length > 0 ? rows.map(row => row.name) : KINDS;
  const options = names.map(name => ({ value: name, label: hardwareLabel(name, rows, trans) }));
  const kinds = new Set([...rows.map(row => row.kind), suggested].filter(kind => kind && !names.includes(kind)));
  for (const kind of kinds) {
    const at = rows.findIndex(row => row.kind === kind);
    const label = hardwareWord(kind, trans);
    const fitting = at < 0 ? label : trans.__('%1, the line that fits', label);
    options.splice(at < 0 ? options.length : options.findIndex(({ value }) => value === rows[at].name), 0, {
      value: kind,
      label: fitting
    });
  }
  return options;
}

/** A row in words: ours are translated, a platform team's say it themselves. */
export function hardwareLabel(name: string, rows: readonly Accelerator[], trans: TranslationBundle): string {
  const word = hardwareWord(name, trans);
  return word === name ? rows.find(row => row.name === name)?.words || name : word;
}
