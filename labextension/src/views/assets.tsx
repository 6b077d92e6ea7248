import { undoIcon } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Asset, Choices } from '../tokens';
import { AssetForm } from './assetform';
import { Section } from './section';

interface IAssetsProps {
  choices: Choices;
  onChoose: (choices: Choices) => void;
  trans: TranslationBundle;
}

/** Data and models that do not lie beside the notebook: fetched into a layer of their own, or given to each run. */
export function Assets({ choices, onChoose, trans }: IAssetsProps): React.JSX.Element {
  const assets = choices.assets ?? [];
  const choose = (next: Asset[]): void => onChoose({ ...choices, assets: next });
  return (
    <Section title={trans.__('Data and models from elsewhere')} aside={assets.length || undefined}>
      {assets.length > 0 && (
        <ul className="jp-Mlpack-List">
          {assets.map(asset => (
            <li key={asset.path} className="jp-Mlpack-Row jp-mod-spread">
              <span className="jp-Mlpack-Asset">
                <span className="jp-Mlpack-Name">{asset.path}</span>
                <span className="jp-Mlpack-Soft" title={asset.sha256}>
                  {assetText(asset, trans)}
                </span>
              </span>
              <button
                type="button"
                className="jp-Mlpack-IconButton"
                title={trans.__('Undo')}
                aria-label={trans.__('Undo: %1', asset.path)}
                onClick={() => choose(assets.filter(other => other !== asset))}
              >
                <undoIcon.react tag="span" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <AssetForm others={assets} onAdd={asset => choose([...assets, asset])} trans={trans} />
    </Section>
  );
}

/** Where an asset comes from, and by which hash it is known. */
function assetText({ from, sha256, mount, required }: Asset, trans: TranslationBundle): string {
  if (mount) {
    return required === false
      ? trans.__('given when the image runs, if somebody has it')
      : trans.__('given when the image runs');
  }
  const source = from === 'dvc' ? trans.__('as DVC tracks it') : trans.__('from %1', from ?? '');
  return sha256 ? trans.__('%1, SHA-256 %2…', source, sha256.slice(0, 12)) : source;
}
