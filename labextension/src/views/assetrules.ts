/** What may be declared as an asset: the server's rules (`docs/assets.md`), told as one types. It has the last word. */
import { TranslationBundle } from '@jupyterlab/translation';

import { Asset } from '../tokens';

/** An asset as the form has it. */
export interface AssetEntry {
  path: string;
  from: string;
  sha256: string;
  mount: boolean;
  required: boolean;
}

export const NO_ASSET: AssetEntry = { path: '', from: '', sha256: '', mount: false, required: true };

/** What is wrong with each field, in words; empty when nothing is. */
export interface AssetProblems {
  path: string;
  from: string;
  sha256: string;
}

const ADDRESS = /^[A-Za-z][A-Za-z0-9+.-]+:\/\//;
const SCHEME = /^(https?|s3):\/\//;
const SECRET = /:\/\/[^/?#]*@|[?&](X-Amz-Signature|X-Goog-Signature|Signature|sig|token|access_token|key)=/i;
const HASH = /^[0-9a-f]{64}$/;

/** Whether a source is an address, whose content has to be known by its hash. */
export function isAddress(from: string): boolean {
  return ADDRESS.test(from);
}

export function assetProblems(entry: AssetEntry, others: readonly Asset[], trans: TranslationBundle): AssetProblems {
  const { path, from, sha256, mount } = entry;
  const hash = sha256 && !HASH.test(sha256) ? trans.__('64 digits of 0-9 and a-f, as sha256sum prints them.') : '';
  return {
    path: path && pathProblem(path, mount, others, trans),
    from: mount || !from ? '' : sourceProblem(from, trans),
    sha256: mount ? '' : hash
  };
}

/** What is still missing; empty when the asset can be added. */
export function assetMissing(entry: AssetEntry, trans: TranslationBundle): string {
  if (!entry.path) {
    return trans.__('Say which path the notebook reads.');
  }
  if (!entry.mount && !entry.from) {
    return trans.__('Say where it comes from.');
  }
  return !entry.mount && isAddress(entry.from) && !entry.sha256
    ? trans.__('What comes from an address needs its SHA-256, so that everybody gets the same.')
    : '';
}

/** The asset that an entry without problems is. */
export function assetOf({ path, from, sha256, mount, required }: AssetEntry): Asset {
  if (mount) {
    return { path, mount: true, ...(required ? {} : { required: false }) };
  }
  return { path, from, ...(sha256 ? { sha256 } : {}) };
}

function pathProblem(path: string, mount: boolean, others: readonly Asset[], trans: TranslationBundle): string {
  const away = path.startsWith('~') || path.includes('\\') || path.split('/').includes('..');
  if (away || (path.startsWith('/') && (!mount || path === '/')) || /^\.\/*$/.test(path)) {
    return mount
      ? trans.__("A path from the notebook's folder on, or one that begins with / in the container.")
      : trans.__("A path from the notebook's folder on, without a way out of it.");
  }
  const near = others.find(other => covers(other.path, path) || covers(path, other.path));
  return near ? trans.__('%1 is there already: the same, or one inside the other.', near.path) : '';
}

function sourceProblem(from: string, trans: TranslationBundle): string {
  if (SECRET.test(from)) {
    return trans.__('It holds a credential, and notebooks are shared: build with --asset in a terminal instead.');
  }
  if (isAddress(from)) {
    return SCHEME.test(from) ? '' : trans.__('https://, http:// and s3:// are fetched; mount what lies elsewhere.');
  }
  const away = /^[/~]/.test(from) || from.includes('\\') || from.split('/').includes('..');
  return away ? trans.__("A path from the notebook's folder on, an address, or dvc.") : '';
}

function covers(outer: string, path: string): boolean {
  const folder = outer.replace(/\/+$/, '');
  return path.replace(/\/+$/, '') === folder || path.startsWith(`${folder}/`);
}
