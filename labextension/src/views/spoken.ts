import { TranslationBundle } from '@jupyterlab/translation';

import { DeclaredHardware, Hardware, NeededHardware } from '../tokens';
import { hardwareWord } from '../words';

/** What a notebook's metadata declares, in a line: `GPU T4, 16 GB`. */
export function declaredText(declared: DeclaredHardware, trans: TranslationBundle): string {
  if (declared.class === 'none') {
    return trans.__('Nothing');
  }
  const name = [declared.class.toUpperCase(), declared.model].filter(Boolean).join(' ');
  const many = declared.count !== null && declared.count > 1 ? trans.__('%1 × %2', declared.count, name) : name;
  return declared.memory === null ? many : trans.__('%1, %2 GB', many, declared.memory);
}

/** What the code needs: `NVIDIA GPU (CUDA), if there is one`. */
export function neededText(needed: NeededHardware, trans: TranslationBundle): string {
  const name = hardwareWord(needed.kind, trans);
  if (needed.remote) {
    return trans.__('%1, in jobs that it starts elsewhere', name);
  }
  return needed.optional && needed.kind !== 'cpu' ? trans.__('%1, if there is one', name) : name;
}

/** Whether declaration and code ask for different things, as the server tells conflicts. */
export function differ({ declared, needed }: Hardware): boolean {
  if (declared.class === 'none' || (needed.optional && needed.kind !== 'cpu')) {
    return false;
  }
  const vendors: { [vendor: string]: string } = { nvidia: 'cuda', amd: 'rocm' };
  const kind = declared.class === 'gpu' ? vendors[declared.vendor ?? 'nvidia'] : declared.class;
  return kind !== needed.kind;
}
