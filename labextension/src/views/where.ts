/** Where a training runs: by an engine of this machine, or on a target. In a form one text says which. */
import { TranslationBundle } from '@jupyterlab/translation';

import { Accelerator, Engine, Resources, TargetOffer } from '../tokens';
import { sizeText } from '../words';
import { Entered } from './jobdraft';

const TARGET = 'target:';

/** A target as a form's text. */
export function targetPlace(name: string): string {
  return `${TARGET}${name}`;
}

/** The target that a form's text names; empty for an engine of this machine. */
export function targetOf(place: string): string {
  return place.startsWith(TARGET) ? place.slice(TARGET.length) : '';
}

/** Why a target cannot be used now; empty if nothing is known. What its engine needs is looked at on this machine. */
export function whyNotTarget(target: TargetOffer, engines: readonly Engine[]): string {
  const built = target.name === target.engine ? engines.find(engine => engine.name === target.engine) : undefined;
  return target.why || (built && !built.available ? built.why : '');
}

/** The engine to begin with: the one asked for if it can be used, else the first that can. */
export function chooseEngine(engines: readonly Engine[], wanted: string): string {
  const usable = engines.filter(engine => engine.available);
  return (usable.find(engine => engine.name === wanted) ?? usable[0])?.name ?? '';
}

/**
 * The place to begin with: what was asked for if it can be used; else, for an image that needs more than a CPU, the first
 * target that says that it offers that; else this machine.
 */
export function choosePlace(
  engines: readonly Engine[],
  targets: readonly TargetOffer[],
  wanted: string,
  accelerator: string,
  rows: readonly Accelerator[]
): string {
  const usable = targets.filter(target => target.name && !whyNotTarget(target, engines));
  const name = targetOf(wanted);
  if (name && usable.some(target => target.name === name)) {
    return wanted;
  }
  const fitting = wanted ? undefined : usable.find(target => fits(target, accelerator, rows));
  return fitting ? targetPlace(fitting.name) : chooseEngine(engines, wanted);
}

/** Whether a target says that it has the hardware: by the row of the table or by its kind. */
function fits({ accelerators }: TargetOffer, accelerator: string, rows: readonly Accelerator[]): boolean {
  const kind = rows.find(row => row.name === accelerator)?.kind ?? accelerator;
  return kind !== '' && kind !== 'cpu' && (accelerators.includes(accelerator) || accelerators.includes(kind));
}

/** The fields of what is asked of a target. */
export type ResourceName = 'gpus' | 'cpus' | 'memory' | 'hours' | 'nodes';

export interface ReadResources {
  resources: Resources;
  /** What is wrong with a field, in words. */
  problems: { [name in ResourceName]?: string };
}

/** The fields for what was asked before. */
export function writeResources({ gpus, cpus, memory, seconds, nodes }: Resources): Entered {
  const amounts: [ResourceName, number | undefined, number][] = [
    ['gpus', gpus, 1],
    ['cpus', cpus, 1],
    ['memory', memory, 1e9],
    ['hours', seconds, 3600],
    ['nodes', nodes, 1]
  ];
  return Object.fromEntries(amounts.flatMap(([name, amount, unit]) => (amount ? [[name, String(amount / unit)]] : [])));
}

/** What the fields say; an empty one says nothing. */
export function readResources(entered: Entered, target: TargetOffer, trans: TranslationBundle): ReadResources {
  const read: ReadResources = { resources: {}, problems: {} };
  const take = (field: ResourceName, key: keyof Resources, unit: number, most: number, text: string): void => {
    const typed = (entered[field] ?? '').trim();
    const number = Number(typed);
    const whole = field === 'cpus' || field === 'memory' || field === 'hours' || Number.isInteger(number);
    if (typed === '') {
      return;
    }
    if (!/^\d*\.?\d+$/.test(typed) || !whole || number === 0) {
      read.problems[field] = trans.__('A number above zero.');
    } else if (most > 0 && number * unit > most) {
      read.problems[field] = trans.__('At most %1 there.', text);
    } else {
      read.resources[key] = field === 'cpus' ? number : Math.round(number * unit);
    }
  };
  take('gpus', 'gpus', 1, target.gpus, String(target.gpus));
  take('cpus', 'cpus', 1, target.cpus, String(target.cpus));
  take('memory', 'memory', 1e9, target.memory, sizeText(target.memory));
  take('hours', 'seconds', 3600, target.seconds, trans.__('%1 hours', +(target.seconds / 3600).toFixed(2)));
  take('nodes', 'nodes', 1, target.nodes, String(target.nodes));
  return read;
}
