import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Inspection } from '../tokens';
import { chosenClaim, followClaim, ignoreModule, provideModule } from './choices';
import { ConflictCard } from './conflict';
import { Reveal } from './place';
import { Section } from './section';
import { UnresolvedCard } from './unresolved';

interface IDecisionsProps {
  inspection: Inspection;
  choices: Choices;
  onChoose: (choices: Choices) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** The names that are still open: neither given a package nor said to be dispensable. */
export function openNames(inspection: Inspection, choices: Choices): string[] {
  const known = new Set([...Object.keys(choices.modules ?? {}), ...(choices.ignore ?? [])]);
  return inspection.unresolved.map(item => item.module).filter(module => !known.has(module));
}

/** How much waits for the user: open names, and conflicts in which nothing was chosen. */
export function openCount(inspection: Inspection, choices: Choices): number {
  const undecided = inspection.conflicts.filter(conflict => !chosenClaim(choices, conflict));
  return openNames(inspection, choices).length + undecided.length;
}

/** Names that nobody knows, and sources that disagree: what a person decides better than a rule. */
export function Decisions(props: IDecisionsProps): React.JSX.Element | null {
  const { inspection, choices, onChoose, reveal, trans } = props;
  const open = new Set(openNames(inspection, choices));
  const unresolved = inspection.unresolved.filter(item => open.has(item.module));
  if (unresolved.length + inspection.conflicts.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('To decide')} aside={openCount(inspection, choices) || undefined}>
      <ul className="jp-Mlpack-List">
        {unresolved.map(item => (
          <UnresolvedCard
            key={item.module}
            item={item}
            onUse={(module, name) => onChoose(provideModule(choices, module, name))}
            onIgnore={module => onChoose(ignoreModule(choices, module))}
            reveal={reveal}
            trans={trans}
          />
        ))}
        {inspection.conflicts.map((conflict, index) => (
          <ConflictCard
            key={index}
            conflict={conflict}
            choices={choices}
            onFollow={(subject, claim) => onChoose(followClaim(choices, subject, claim))}
            reveal={reveal}
            trans={trans}
          />
        ))}
      </ul>
    </Section>
  );
}
