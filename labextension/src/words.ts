/** Plain words for what the wire has names for, and texts for sizes and times. All of it translated. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Progress } from './tokens';

/** A few words, and a sentence more for a tooltip. */
export interface IWord {
  label: string;
  title: string;
}

/** What a phase does, in plain words; the tooltip begins with its name in the specification or in the log. */
export function phaseWord(name: string, trans: TranslationBundle): IWord {
  switch (name) {
    case 'inspect':
      return word(
        trans.__('Read the notebook'),
        trans.__('inspect: find out what the notebook needs, without running it')
      );
    case 'resolve':
      return word(trans.__('Choose versions'), trans.__('resolve: pick versions of all packages that fit together'));
    case 'fetch':
      return word(trans.__('Fetch data and models'), trans.__('fetch: the assets that the notebook declares'));
    case 'stack':
      return word(
        trans.__('Prepare the base'),
        trans.__('stack: the system and the Python that the image begins with')
      );
    case 'analyze':
      return word(trans.__('Look at the last image'), trans.__('analyze: what the image of this name holds so far'));
    case 'detect':
      return word(trans.__('Decide what is needed'), trans.__('detect: which buildpacks take part'));
    case 'restore':
      return word(trans.__('Fetch what can be reused'), trans.__('restore: layers and caches of earlier builds'));
    case 'build':
      return word(trans.__('Install packages'), trans.__('build: each buildpack makes its layers'));
    case 'extend':
      return word(
        trans.__('Add system packages'),
        trans.__('extend: packages of the distribution, laid over the base')
      );
    case 'export':
      return word(trans.__('Write the image'), trans.__('export: put the layers together to an image'));
    case 'publish':
      return word(trans.__('Deliver the image'), trans.__('publish: bring the image to where it was asked for'));
    case 'run':
      return word(trans.__('Run the notebook'), trans.__("run: the image's train process"));
    default:
      return word(name, name);
  }
}

/** A run's state as a word. */
export function stateWord(state: string, trans: TranslationBundle): string {
  switch (state) {
    case 'queued':
      return trans.__('Queued');
    case 'running':
      return trans.__('Running');
    case 'succeeded':
      return trans.__('Succeeded');
    case 'failed':
      return trans.__('Failed');
    case 'cancelled':
      return trans.__('Cancelled');
    default:
      return state;
  }
}

/** Who named a package, a version or a device: the badge's text, and why that source is believed. */
export function sourceWord(source: string, trans: TranslationBundle): IWord {
  switch (source) {
    case 'kernel':
      return word(
        trans.__('kernel'),
        trans.__("Installed in the notebook's kernel: it was seen to work with exactly this.")
      );
    case 'install':
      return word(trans.__('install line'), trans.__('A cell installs it.'));
    case 'declaration':
      return word(trans.__('declared'), trans.__('A file, a block or the metadata of the notebook declares it.'));
    case 'user':
      return word(trans.__('you'), trans.__('You asked for it.'));
    case 'table':
      return word(
        trans.__('import'),
        trans.__('A cell imports it; a table says which package has it. The version is open.')
      );
    case 'runner':
      return word(trans.__('runner'), trans.__('Needed to run any notebook in the image.'));
    case 'packaged':
      return word(trans.__('own wheel'), trans.__("No index has it: it is packed from the kernel's own files."));
    case 'metadata':
      return word(trans.__('metadata'), trans.__("The notebook's own metadata."));
    case 'script':
      return word(trans.__('script block'), trans.__('A block of script metadata (PEP 723) in a cell.'));
    case 'lock':
      return word(trans.__('lock file'), trans.__('A lock file beside the notebook or above.'));
    case 'project':
      return word(
        trans.__('project file'),
        trans.__('pyproject.toml or a file like it, beside the notebook or above.')
      );
    case 'environment':
      return word(trans.__('environment file'), trans.__('environment.yml, beside the notebook or above.'));
    case 'requirements':
      return word(trans.__('requirements'), trans.__('A requirements file beside the notebook or above.'));
    case 'code':
      return word(trans.__('code'), trans.__("The notebook's cells."));
    default:
      return word(source, source);
  }
}

/** A kind of hardware as people call it. */
export function hardwareWord(kind: string, trans: TranslationBundle): string {
  switch (kind) {
    case 'cpu':
    case 'none':
      return trans.__('CPU');
    case 'gpu':
      return trans.__('GPU');
    case 'apple':
      return trans.__('Mac (Linux on ARM, its CPU)');
    case 'cuda':
      return trans.__('NVIDIA GPU (CUDA)');
    case 'cuda12':
      return trans.__('NVIDIA GPU (CUDA 12)');
    case 'cuda13':
      return trans.__('NVIDIA GPU (CUDA 13)');
    case 'rocm':
      return trans.__('AMD GPU (ROCm)');
    case 'tpu':
      return trans.__('Google TPU');
    case 'neuron':
      return trans.__('AWS Trainium or Inferentia');
    case 'gaudi':
      return trans.__('Intel Gaudi');
    case 'mps':
      return trans.__('Apple GPU (Metal)');
    default:
      return kind;
  }
}

/** How far something is: `12 of 40 packages`, `3.1 MB of 40 MB`, `7 layers`. */
export function progressText({ done, total, unit }: Progress, trans: TranslationBundle): string {
  if (unit === 'bytes') {
    return total === null ? sizeText(done) : trans.__('%1 of %2', sizeText(done), sizeText(total));
  }
  const amount = total === null ? String(done) : trans.__('%1 of %2', done, total);
  return trans.__('%1 %2', amount, unitWord(unit, total ?? done, trans));
}

function unitWord(unit: string, count: number, trans: TranslationBundle): string {
  switch (unit) {
    case 'packages':
      return trans._n('package', 'packages', count);
    case 'layers':
      return trans._n('layer', 'layers', count);
    case 'cells':
      return trans._n('cell', 'cells', count);
    case 'files':
      return trans._n('file', 'files', count);
    default:
      return unit;
  }
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in powers of 1000, as registries count: `0 B`, `9.5 MB`, `120 MB`. */
export function sizeText(bytes: number): string {
  let [value, unit] = [Math.max(0, bytes), 0];
  // 999.6 would be shown as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** How long something took or takes: `0 s`, `45 s`, `2 min 5 s`, `1 h 10 min`. */
export function durationText(seconds: number, trans: TranslationBundle): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) {
    return trans.__('%1 s', whole);
  }
  if (whole < 3600) {
    return trans.__('%1 min %2 s', Math.floor(whole / 60), whole % 60);
  }
  const minutes = Math.round(whole / 60);
  return trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

/** How long something may take, no more exact than anybody can know: `a few seconds`, `about 40 s`, `about 2 min`. */
export function aboutText(seconds: number, trans: TranslationBundle): string {
  if (seconds < 7.5) {
    return trans.__('a few seconds');
  }
  if (seconds < 55) {
    return trans.__('about %1 s', Math.round(seconds / 5) * 5);
  }
  if (seconds < 57.5 * 60) {
    return trans.__('about %1 min', Math.max(1, Math.round(seconds / 60)));
  }
  return trans.__('about %1 h', Math.round(seconds / 3600));
}

/** How long ago something was, from seconds: `just now`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function ageText(seconds: number, trans: TranslationBundle): string {
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.floor(seconds / 60));
  }
  if (seconds < 86400) {
    return trans.__('%1 h ago', Math.floor(seconds / 3600));
  }
  const days = Math.floor(seconds / 86400);
  return trans._n('%1 day ago', '%1 days ago', days);
}

function word(label: string, title: string): IWord {
  return { label, title };
}
