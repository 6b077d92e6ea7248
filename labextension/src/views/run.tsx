import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Inspection, Plan } from '../tokens';
import { setValue } from './choices';
import { Assets } from './assets';
import { DraftField } from './field';
import { Carried } from './carried';
import { ModelChoice } from './modelchoice';
import { Notices, topicOf } from './notices';
import { IOffers } from './offers';
import { Reveal } from './place';
import { Purposes } from './purposes';
import { imageProblem, pythonProblem } from './rules';
import { Section } from './section';
import { IOption } from './select';
import { Served } from './served';

/** Versions that are offered; any other may be typed. */
const PYTHONS = ['3.10', '3.11', '3.12', '3.13'];

interface IRunProps {
  inspection: Inspection;
  plan: Plan | null;
  offers: IOffers;
  /** What finished trainings of this notebook left. */
  models: readonly IOption[];
  choices: Choices;
  onChoose: (choices: Choices) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What the image is for, its name and Python, and what runs with it: parameters, files, outputs, secrets. */
export function RunTab(props: IRunProps): React.JSX.Element {
  const { inspection, plan, choices, onChoose, trans } = props;
  const purpose = choices.purpose ?? plan?.purpose ?? 'training';
  const python = inspection.python.version;
  return (
    <>
      <Section title={trans.__('Purpose')}>
        <Purposes
          purposes={props.offers.purposes}
          chosen={purpose}
          onChoose={next => onChoose(setValue(choices, 'purpose', next))}
          trans={trans}
        />
      </Section>
      {purpose === 'inference' && (
        <ModelChoice choices={choices} models={props.models} onChoose={onChoose} trans={trans} />
      )}
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
      {plan !== null && plan.cells.length > 0 && <Served cells={plan.cells} reveal={props.reveal} trans={trans} />}
      <Assets choices={choices} onChoose={onChoose} trans={trans} />
      <Notices
        notices={inspection.notices.filter(({ code }) => topicOf(code) === 'run')}
        reveal={props.reveal}
        trans={trans}
      />
      <Carried inspection={inspection} reveal={props.reveal} trans={trans} />
    </>
  );
}
