import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Image, Json } from '../tokens';
import { hardwareWord, sizeText } from '../words';
import { Section } from './section';

interface IHoldsProps {
  image: Image;
  trans: TranslationBundle;
}

/** Labels of the project's own begin so; those of others that are not for people are left out, unless a team gave them. */
const OWN = 'org.jupyter-mlpack.';
const MACHINES = ['io.buildpacks.', 'io.buildpack.', 'org.opencontainers.image.', OWN];

interface IFact {
  name: string;
  value: string;
}

/** What the image says of itself in its labels: hardware with its floor, what has to be mounted, assets, tags. */
export function Holds({ image, trans }: IHoldsProps): React.JSX.Element | null {
  const labels = new Map(image.labels);
  const facts = [...hardwareFacts(labels, trans), ...dataFacts(labels, trans)].filter(fact => fact.value !== '');
  const given = new Set((labels.get(`${OWN}business-tags`) ?? '').split(','));
  const tags = image.labels.filter(([name]) => given.has(name) || !MACHINES.some(begin => name.startsWith(begin)));
  if (facts.length + tags.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('What it says of itself')}>
      {facts.length > 0 && <FactList facts={facts} label={trans.__('Made for')} />}
      {tags.length > 0 && (
        <details className="jp-Mlpack-Details" open={tags.length <= 6}>
          <summary>{trans._n('%1 label', '%1 labels', tags.length)}</summary>
          <FactList facts={tags.map(([name, value]) => ({ name, value }))} label={trans.__('Labels')} />
        </details>
      )}
    </Section>
  );
}

function FactList({ facts, label }: { facts: readonly IFact[]; label: string }): React.JSX.Element {
  return (
    <dl className="jp-Mlpack-Holds" aria-label={label}>
      {facts.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function hardwareFacts(labels: ReadonlyMap<string, string>, trans: TranslationBundle): IFact[] {
  const own = (name: string): string => labels.get(OWN + name) ?? '';
  const accelerator = own('accelerator');
  const card = [own('accelerator.count'), own('accelerator.model')].filter(Boolean).join(' × ');
  const least = own('cuda.capability');
  return [
    {
      name: trans.__('Hardware'),
      value: [accelerator && hardwareWord(accelerator, trans), card].filter(Boolean).join(', ')
    },
    { name: trans.__('Driver, at least'), value: own('cuda.driver') },
    { name: trans.__('Compute capability, at least'), value: least },
    { name: trans.__('Asked of Kubernetes'), value: own('accelerator.resource') }
  ];
}

function dataFacts(labels: ReadonlyMap<string, string>, trans: TranslationBundle): IFact[] {
  return [
    { name: trans.__('Assets in it'), value: listText(labels.get(`${OWN}assets`), trans) },
    { name: trans.__('To be mounted'), value: listText(labels.get(`${OWN}mounts`), trans) }
  ];
}

/** A label that is a JSON list of objects with a path: `data/train.csv (12 MB), models (may be missing)`. */
function listText(label: string | undefined, trans: TranslationBundle): string {
  try {
    const value = JSON.parse(label ?? '[]') as Json;
    return Array.isArray(value)
      ? value
          .map(item => itemText(item, trans))
          .filter(Boolean)
          .join(', ')
      : '';
  } catch {
    return '';
  }
}

function itemText(item: Json, trans: TranslationBundle): string {
  if (typeof item !== 'object' || item === null || Array.isArray(item) || typeof item.path !== 'string') {
    return '';
  }
  if (typeof item.size === 'number') {
    return trans.__('%1 (%2)', item.path, sizeText(item.size));
  }
  return item.required === false ? trans.__('%1 (may be missing)', item.path) : item.path;
}
