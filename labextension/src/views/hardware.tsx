import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Inspection, Plan } from '../tokens';
import { hardwareWord } from '../words';
import { setHardware } from './choices';
import { Fact } from './fact';
import { Field } from './field';
import { Notices, topicOf } from './notices';
import { Reveal } from './place';
import { Section } from './section';
import { declaredText, differ, neededText } from './spoken';

/** What an image can be made for, whatever the notebook says. */
const KINDS = ['cpu', 'cuda', 'rocm'];

interface IHardwareProps {
  inspection: Inspection;
  plan: Plan | null;
  choices: Choices;
  onChoose: (choices: Choices) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What the image is made for: the suggestion and its reason, both witnesses, the user's own word, what to know. */
export function HardwareTab({ inspection, plan, choices, onChoose, reveal, trans }: IHardwareProps): React.JSX.Element {
  const id = React.useId();
  const { accelerator, reason, declared, needed } = inspection.hardware;
  const chosen = choices.hardware?.accelerator ?? '';
  const count = choices.hardware?.count ?? null;
  const kinds = KINDS.includes(accelerator) ? KINDS : [...KINDS, accelerator];
  const notices = [...inspection.notices, ...(plan?.notices ?? [])].filter(({ code }) => topicOf(code) === 'hardware');
  const suggested = hardwareWord(accelerator, trans);
  return (
    <>
      <Section title={trans.__('Made for')}>
        <div className="jp-Mlpack-Suggestion">
          <strong>{chosen ? hardwareWord(chosen, trans) : suggested}</strong>
          <p>{chosen ? trans.__('You chose this. The suggestion was %1: %2', suggested, reason) : reason}</p>
        </div>
        <div className="jp-Mlpack-Field">
          <label htmlFor={id}>{trans.__('Build for')}</label>
          <select
            id={id}
            className="jp-Mlpack-Input"
            value={chosen}
            onChange={event => onChoose(setHardware(choices, event.target.value, count))}
          >
            <option value="">{trans.__('What is suggested: %1', suggested)}</option>
            {kinds.map(kind => (
              <option key={kind} value={kind}>
                {hardwareWord(kind, trans)}
              </option>
            ))}
          </select>
        </div>
        {chosen !== '' && chosen !== 'cpu' && (
          <Field
            label={trans.__('How many')}
            type="number"
            value={count === null ? '' : String(count)}
            placeholder="1"
            problem={count !== null && count < 1 ? trans.__('One at least.') : ''}
            onChange={text => onChoose(setHardware(choices, chosen, text === '' ? null : Math.round(Number(text))))}
          />
        )}
      </Section>
      <Notices notices={notices} reveal={reveal} trans={trans} />
      <Section title={trans.__('What was found')}>
        {differ(inspection.hardware) && (
          <p className="jp-Mlpack-Callout jp-mod-warn">
            {trans.__('The notebook declares one thing, its code asks for another.')}
          </p>
        )}
        <ul className="jp-Mlpack-List">
          <Fact
            label={trans.__('Declared')}
            value={declaredText(declared, trans)}
            evidence={declared.evidence}
            reveal={reveal}
            trans={trans}
          />
          <Fact
            label={trans.__('The code needs')}
            value={neededText(needed, trans)}
            evidence={needed.evidence}
            reveal={reveal}
            trans={trans}
          />
          {plan !== null && (
            <Fact
              label={trans.__('System of the image')}
              value={trans.__('%1, %2', plan.stack, plan.arch)}
              evidence={[]}
              reveal={reveal}
              trans={trans}
            />
          )}
        </ul>
      </Section>
    </>
  );
}
