import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Image, LayerExported } from '../tokens';
import { sizeText } from '../words';
import { layerLabel, partsOf } from './layerparts';

interface ILayersProps {
  image: Image;
  exported: readonly LayerExported[];
  trans: TranslationBundle;
}

/** What takes the space: a stacked bar with a legend, and every layer in a table behind it. */
export function Layers({ image, exported, trans }: ILayersProps): React.JSX.Element {
  const parts = partsOf(image, exported, trans);
  const total = Math.max(1, image.size);
  const told = parts.map(part => trans.__('%1: %2', part.label, sizeText(part.size))).join(', ');
  return (
    <div className="jp-Mlpack-Layers">
      <div className="jp-Mlpack-Layers-bar" role="img" aria-label={trans.__('Size by layer. %1', told)}>
        {parts.map((part, index) => (
          <span
            key={index}
            className={`jp-Mlpack-Layers-part jp-mod-series${index}`}
            style={{ flexGrow: part.size / total }}
            title={trans.__('%1: %2', part.label, sizeText(part.size))}
          />
        ))}
      </div>
      <ul className="jp-Mlpack-Layers-legend">
        {parts.map((part, index) => (
          <li key={index}>
            <span className={`jp-Mlpack-Layers-key jp-mod-series${index}`} aria-hidden="true" />
            <span className="jp-Mlpack-Name" title={part.label}>
              {part.label}
            </span>
            {part.reused === part.size && <span className="jp-Mlpack-Weight jp-mod-reused">{trans.__('reused')}</span>}
            <span className="jp-Mlpack-Weight">{sizeText(part.size)}</span>
          </li>
        ))}
      </ul>
      <details className="jp-Mlpack-Details">
        <summary>{trans._n('%1 layer', 'All %1 layers', image.layers.length)}</summary>
        <LayerTable image={image} exported={exported} trans={trans} />
      </details>
    </div>
  );
}

/** Every layer, from the bottom of the image to its top. */
function LayerTable({ image, exported, trans }: ILayersProps): React.JSX.Element {
  return (
    <table className="jp-Mlpack-Table">
      <thead>
        <tr>
          <th scope="col">{trans.__('Layer')}</th>
          <th scope="col">{trans.__('Size')}</th>
          <th scope="col">{trans.__('Reused')}</th>
        </tr>
      </thead>
      <tbody>
        {image.layers.map(layer => (
          <tr key={layer.digest}>
            <th scope="row" title={layer.digest}>
              {layerLabel(layer, exported, trans)}
            </th>
            <td>{sizeText(layer.size)}</td>
            <td>{layer.reused ? trans.__('yes') : trans.__('no')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
