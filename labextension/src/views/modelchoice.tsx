import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices } from '../tokens';
import { setValue } from './choices';
import { DraftField } from './field';
import { fileProblem } from './rules';
import { Section } from './section';
import { IOption, Select } from './select';

interface IModelChoiceProps {
  choices: Choices;
  /** What finished trainings of this notebook left, newest first. */
  models: readonly IOption[];
  onChoose: (choices: Choices) => void;
  trans: TranslationBundle;
}

/** Where the model of an inference image comes from. */
export function ModelChoice({ choices, models, onChoose, trans }: IModelChoiceProps): React.JSX.Element {
  const model = choices.model ?? '';
  const choose = (value: string): void => onChoose(setValue(choices, 'model', value));
  return (
    <Section title={trans.__('Model')}>
      <Select
        label={trans.__('Comes from')}
        value={model}
        options={[{ value: '', label: trans.__('What lies beside the notebook') }, ...models]}
        hint={models.length > 0 ? undefined : trans.__('A training that has ended here will stand in this list.')}
        onChange={choose}
      />
      <DraftField
        label={trans.__('Or from a file or folder')}
        value={models.some(({ value }) => value === model) ? '' : model}
        placeholder={trans.__('models/model.joblib')}
        check={text => fileProblem(text, trans)}
        onDone={text => choose(text.trim())}
      />
    </Section>
  );
}
