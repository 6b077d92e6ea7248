import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Engine, Inspection, Plan } from '../tokens';
import { setValue } from './choices';
import { DraftField } from './field';
import { Carried } from './carried';
import { Notices, topicOf } from './notices';
import { Reveal } from './place';
import { Purposes } from './purposes';
import { imageProblem, pythonProblem } from './rules';
import { Section } from './section';

/** Versions that are offered; any other may be typed. */
const PYTHONS = ['3.10', '3.11', '3.12', '3.13'];

interface IRunProps {
  inspection: Inspection;
  plan: Plan | null;
  purposes: readonly Engine[];
  choices: Choices;
  onChoose: (choices: Choices) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What the image is for, its name and Python, and what runs with it: parameters, files, outputs, secrets. */
export function RunTab(props: IRunProps): React.JSX.Element {
  const { inspection, plan, choices, onChoose, trans } = props;
  const python = inspection.python.version;
  return (
    <>
      <Section title={trans.__('Purpose')}>
        <Purposes
          purposes={props.purposes}
          chosen={choices.purpose ?? plan?.purpose ?? 'training'}
          onChoose={purpose => onChoose(setValue(choices, 'purpose', purpose))}
          trans={trans}
        />
      </Section>
      <Section title={trans.__('Image')}>
        <DraftField
          label={trans.__('Name')}
          value={choices.name ?? ''}
          placeholder={plan?.name ?? trans.__('After the notebook')}
          hint={trans.__('A path in small letters, and a tag: team/digits:training.')}
          check={text => imageProblem(text, trans)}
          onDone={name => onChoose(setValue(choices, 'name', name))}
        />
        <DraftField
          label={trans.__('Python')}
          value={choices.python ?? ''}
          placeholder={plan?.python ?? python ?? trans.__('The default')}
          hint={
            python === null
              ? trans.__('Nothing in the notebook says which.')
              : trans.__('The notebook says %1 (%2).', python, inspection.python.source ?? '')
          }
          options={PYTHONS}
          check={text => pythonProblem(text, trans)}
          onDone={version => onChoose(setValue(choices, 'python', version))}
        />
      </Section>
      <Notices
        notices={inspection.notices.filter(({ code }) => topicOf(code) === 'run')}
        reveal={props.reveal}
        trans={trans}
      />
      <Carried inspection={inspection} reveal={props.reveal} trans={trans} />
    </>
  );
}
