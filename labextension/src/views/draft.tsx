import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Draft } from '../tokens';
import { openCount, openNames } from './decisions';
import { Footer } from './footer';
import { HardwareTab } from './hardware';
import { Loading } from './loading';
import { IOffers } from './offers';
import { PackagesTab } from './packages';
import { Reveal } from './place';
import { ProblemCard } from './problem';
import { RunTab } from './run';
import { IOption } from './select';
import { differ } from './spoken';
import { Tabs } from './tabs';

interface IDraftProps {
  draft: Draft;
  /** What counts: the draft's choices over those that the notebook keeps. */
  choices: Choices;
  offers: IOffers;
  /** What finished trainings of this notebook left. */
  models: readonly IOption[];
  tab: string;
  onTab: (tab: string) => void;
  onChoose: (choices: Choices) => void;
  onKeep: () => void;
  onBuild: () => void;
  onInspect: () => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** A notebook before its build: three tabs over what was found, and the footer with the button. */
export function DraftView(props: IDraftProps): React.JSX.Element {
  const { draft, choices, onChoose, reveal, trans } = props;
  const { inspection, plan, problem } = draft;
  const names = inspection ? openNames(inspection, choices) : [];
  const disputed = inspection && differ(inspection.hardware) && !choices.hardware?.accelerator ? 1 : 0;
  const open = (count: number): string => trans._n('%1 to decide', '%1 to decide', count);
  const count = inspection ? openCount(inspection, choices) : 0;
  const tabs = [
    { id: 'packages', label: trans.__('Packages'), open: count, openText: open(count) },
    { id: 'hardware', label: trans.__('Hardware'), open: disputed, openText: open(disputed) },
    { id: 'run', label: trans.__('Run'), open: 0, openText: '' }
  ];
  const shared = inspection && { inspection, plan, choices, onChoose, reveal, trans };
  return (
    <>
      <Tabs label={trans.__('What was found')} tabs={tabs} selected={props.tab} onSelect={props.onTab}>
        {problem !== null && names.length === 0 && (
          <ProblemCard problem={problem} trans={trans} onRetry={props.onInspect} />
        )}
        {inspection === null && problem === null && <Loading label={trans.__('Reading the notebook')} />}
        {shared && props.tab === 'packages' && <PackagesTab {...shared} />}
        {shared && props.tab === 'hardware' && <HardwareTab {...shared} offers={props.offers} />}
        {shared && props.tab === 'run' && <RunTab {...shared} offers={props.offers} models={props.models} />}
      </Tabs>
      <Footer
        plan={plan}
        busy={draft.busy !== null}
        reasons={reasons(draft, names, trans)}
        unsaved={draft.unsaved}
        again={draft.build !== null}
        onKeep={props.onKeep}
        onBuild={props.onBuild}
        trans={trans}
      />
    </>
  );
}

/** Why there can be no build now. A plan that failed does not forbid one: the build tells more, and mends. */
function reasons(draft: Draft, names: readonly string[], trans: TranslationBundle): string[] {
  if (draft.busy === 'build') {
    return [trans.__('Starting the build…')];
  }
  if (draft.inspection === null) {
    return [draft.problem ? trans.__('The notebook could not be read.') : trans.__('Reading the notebook…')];
  }
  return names.length > 0 ? [trans.__('First decide about %1.', names.join(', '))] : [];
}
