import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { TargetOffer } from '../tokens';
import { Field } from './field';
import { Entered } from './jobdraft';
import { ReadResources, ResourceName } from './where';

interface IResourceFieldsProps {
  target: TargetOffer;
  values: Entered;
  problems: ReadResources['problems'];
  trans: TranslationBundle;
  onValue(name: ResourceName, value: string): void;
}

/** What is asked of a target beside what the image says of itself. */
export function ResourceFields(props: IResourceFieldsProps): React.JSX.Element {
  const { target, values, problems, trans, onValue } = props;
  const labels: [ResourceName, string][] = [
    ...(target.gpus > 0 ? [['gpus', trans.__('GPUs')] as [ResourceName, string]] : []),
    ['cpus', trans.__('CPUs')],
    ['memory', trans.__('Memory in GB')],
    ['hours', trans.__('Hours at most')],
    ...(target.nodes > 1 ? [['nodes', trans.__('Nodes')] as [ResourceName, string]] : [])
  ];
  return (
    <fieldset>
      <legend>{trans.__('Resources')}</legend>
      <p className="jp-Mlpack-Soft">{trans.__('An empty one is as the image and the target have it.')}</p>
      <div className="jp-Mlpack-Resources">
        {labels.map(([name, label]) => (
          <Field
            key={name}
            label={label}
            value={values[name] ?? ''}
            problem={problems[name]}
            onChange={value => onValue(name, value)}
          />
        ))}
      </div>
    </fieldset>
  );
}
