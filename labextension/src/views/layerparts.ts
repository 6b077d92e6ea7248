import { TranslationBundle } from '@jupyterlab/translation';

import { Image, ImageLayer, LayerExported } from '../tokens';

/** A part of the picture: a layer, or those too small to see. */
export interface IPart {
  label: string;
  size: number;
  /** How many bytes of it were here before. */
  reused: number;
  layers: number;
}

/** So many layers are shown by themselves; the rest share one part. */
const SHOWN = 5;

/** A layer's name for people: `scipy 1.17.1` of `mlpack/packages:scipy-1.17.1-43af8d1f`. */
export function layerLabel(layer: ImageLayer, exported: readonly LayerExported[], trans: TranslationBundle): string {
  const told = exported.find(item => item.diff_id === layer.diff_id)?.name;
  const name = /^Layer: '([^']+)'/.exec(layer.origin)?.[1] ?? told?.split(':').pop() ?? layer.origin;
  const wheel = /^(.+)-(\d[^-]*)-[0-9a-f]{8}$/.exec(name);
  if (wheel) {
    return `${wheel[1]} ${wheel[2]}`;
  }
  const stack = /^mlpack stack (.+)$/.exec(name);
  if (stack) {
    return trans.__('system (%1)', stack[1]);
  }
  switch (name) {
    case 'packages':
      return trans.__('other packages');
    case 'environment':
      return trans.__('environment');
    case 'runner':
      return trans.__('notebook runner');
    case 'Application Layer':
      return trans.__('the notebook and its files');
    default:
      return name;
  }
}

/** The parts of an image by size, biggest first; the small ones together at the end. */
export function partsOf(image: Image, exported: readonly LayerExported[], trans: TranslationBundle): IPart[] {
  const layers = [...image.layers].sort((a, b) => b.size - a.size);
  const parts = layers.slice(0, SHOWN).map(layer => ({
    label: layerLabel(layer, exported, trans),
    size: layer.size,
    reused: layer.reused ? layer.size : 0,
    layers: 1
  }));
  const rest = layers.slice(SHOWN);
  if (rest.length > 0) {
    const sum = (sizes: ImageLayer[]): number => sizes.reduce((total, layer) => total + layer.size, 0);
    const label = trans._n('%1 smaller layer', '%1 smaller layers', rest.length);
    parts.push({ label, size: sum(rest), reused: sum(rest.filter(layer => layer.reused)), layers: rest.length });
  }
  return parts;
}
