import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Inspection, Secret } from '../tokens';
import { sizeText } from '../words';
import { Item } from './item';
import { Reveal } from './place';
import { Section } from './section';
import { placeText } from './why';

interface ICarriedProps {
  inspection: Inspection;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What a run of the image may change, takes along, leaves behind and has to be given. */
export function Carried({ inspection, reveal, trans }: ICarriedProps): React.JSX.Element {
  const { parameters, files, outputs, secrets } = inspection;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <>
      <Section title={trans.__('Parameters')} aside={parameters.length || undefined}>
        {parameters.length === 0 ? (
          <p className="jp-Mlpack-Soft">{trans.__('None. Tag a cell "parameters" to let a run change its values.')}</p>
        ) : (
          <ul className="jp-Mlpack-List">
            {parameters.map(({ name, default: value, location }) => (
              <li key={name} className="jp-Mlpack-Item">
                <div className="jp-Mlpack-Item-head">
                  <span className="jp-Mlpack-Name">{name}</span>
                  <code className="jp-Mlpack-Version">{JSON.stringify(value)}</code>
                </div>
                <div className="jp-Mlpack-Item-why">
                  <button type="button" className="jp-Mlpack-Link" onClick={() => reveal(location)}>
                    {trans.__('Set in %1', placeText(location, trans))}
                  </button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Section>
      {files.length > 0 && (
        <Section title={trans.__('Files that go along')} aside={sizeText(total)}>
          <ul className="jp-Mlpack-List">
            {files.map(file => (
              <Item
                key={file.path}
                name={file.path}
                aside={sizeText(file.size)}
                evidence={file.evidence}
                reveal={reveal}
                trans={trans}
              />
            ))}
          </ul>
        </Section>
      )}
      {outputs.length > 0 && (
        <Section title={trans.__('Outputs')} aside={outputs.length}>
          <ul className="jp-Mlpack-List">
            {outputs.map(output => (
              <Item key={output.path} name={output.path} evidence={output.evidence} reveal={reveal} trans={trans} />
            ))}
          </ul>
        </Section>
      )}
      {secrets.length > 0 && (
        <Section title={trans.__('Secrets')} aside={secrets.length}>
          <p className="jp-Mlpack-Soft">
            {trans.__('Never put into the image. A run asks for the values, and they end with it.')}
          </p>
          <ul className="jp-Mlpack-List">
            {secrets.map(secret => (
              <Item
                key={secret.name}
                name={secret.name}
                aside={sourceText(secret, trans)}
                evidence={secret.evidence}
                reveal={reveal}
                trans={trans}
              />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

/** Where the code looks for a secret, and so how a run has to hand it over. */
function sourceText({ source }: Secret, trans: TranslationBundle): string {
  switch (source) {
    case 'environment':
      return trans.__('as an environment variable');
    case 'prompt':
      return trans.__('typed in: nobody is there to type');
    default:
      return trans.__("from %1's store, which a container has not", source);
  }
}
