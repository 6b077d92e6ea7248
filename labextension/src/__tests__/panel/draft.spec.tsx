import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { Choices, Draft, Engine } from '../../tokens';
import { DraftView } from '../../views/draft';
import { trans } from '../page';
import { makeDraft, makeInspection, makePlan } from './samples';

const PURPOSES: Engine[] = [
  { name: 'training', available: true, why: '' },
  { name: 'inference', available: false, why: 'No model is saved.' }
];

interface IShown {
  chosen: Choices[];
  built: number;
  kept: number;
}

/** The draft with its tab as state, as the panel has it. */
function show(draft: Draft, first = 'packages'): IShown {
  const shown: IShown = { chosen: [], built: 0, kept: 0 };
  function Shown(): React.JSX.Element {
    const [tab, setTab] = React.useState(first);
    return (
      <DraftView
        draft={draft}
        choices={draft.choices}
        purposes={PURPOSES}
        tab={tab}
        onTab={setTab}
        onChoose={next => shown.chosen.push(next)}
        onKeep={() => shown.kept++}
        onBuild={() => shown.built++}
        onInspect={() => undefined}
        reveal={() => undefined}
        trans={trans}
      />
    );
  }
  render(<Shown />);
  return shown;
}

function tab(name: RegExp): HTMLElement {
  return screen.getByRole('tab', { name });
}

describe('the tabs', () => {
  it('are moved by arrows, Home and End, and only the selected one is in the tab order', () => {
    show(makeDraft());
    const press = (key: string): void => void fireEvent.keyDown(document.activeElement ?? document.body, { key });
    tab(/Packages/).focus();
    press('ArrowRight');
    expect(document.activeElement).toBe(tab(/Hardware/));
    expect(tab(/Hardware/).getAttribute('aria-selected')).toBe('true');
    expect(tab(/Packages/).tabIndex).toBe(-1);
    press('End');
    expect(document.activeElement).toBe(tab(/Run/));
    press('ArrowRight');
    expect(document.activeElement).toBe(tab(/Packages/));
    press('ArrowLeft');
    press('Home');
    expect(screen.getByRole('tabpanel', { name: /Packages/ })).toBeTruthy();
  });

  it('say how much is to be decided', () => {
    show(makeDraft({ inspection: makeInspection() }));
    expect(screen.getByRole('img', { name: '2 to decide' })).toBeTruthy();
  });

  it('count no more what was decided', () => {
    show(makeDraft({ inspection: makeInspection(), choices: { ignore: ['cv3x'], packages: ['pandas>=2.3'] } }));
    expect(screen.queryByRole('img', { name: /to decide/ })).toBeNull();
  });
});

describe('the footer', () => {
  it('builds', () => {
    const shown = show(makeDraft());
    fireEvent.click(screen.getByRole('button', { name: 'Build' }));
    expect(shown.built).toBe(1);
  });

  it('says why there is no build, and does not build', () => {
    const shown = show(makeDraft({ inspection: makeInspection() }));
    const button = screen.getByRole('button', { name: 'Build' });
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toBe(
      'First decide about cv3x.'
    );
    fireEvent.click(button);
    expect(shown.built).toBe(0);
  });

  it('waits for the notebook to be read', () => {
    show(makeDraft({ inspection: null, plan: null, busy: 'inspection' }));
    expect(screen.getByText('Reading the notebook…')).toBeTruthy();
  });

  it('lets a build go ahead although the plan failed, with the problem in sight', () => {
    const problem = { code: 'x', message: 'No versions fit.', where: '', why: 'pandas<2', hint: 'Loosen one.' };
    const shown = show(makeDraft({ plan: null, problem }));
    expect(screen.getByRole('alert').textContent).toContain('No versions fit.');
    fireEvent.click(screen.getByRole('button', { name: 'Build' }));
    expect(shown.built).toBe(1);
  });

  it('shows size, reused share and time', () => {
    show(makeDraft({ plan: makePlan({ size: 200e6, reused: 150e6, seconds: 42 }) }));
    expect(screen.getByText('200 MB')).toBeTruthy();
    expect(screen.getByText('75% here already')).toBeTruthy();
    expect(screen.getByText('about 40 s')).toBeTruthy();
    expect(screen.getByRole('progressbar')).toHaveProperty('value', 0.75);
  });

  it('offers to keep choices only when there are some', () => {
    const shown = show(makeDraft({ unsaved: true, build: 'b0' }));
    fireEvent.click(screen.getByRole('button', { name: 'Keep in notebook' }));
    expect(shown.kept).toBe(1);
    expect(screen.getByRole('button', { name: 'Rebuild' })).toBeTruthy();
  });

  it('has nothing to keep without choices', () => {
    show(makeDraft());
    expect(screen.queryByRole('button', { name: 'Keep in notebook' })).toBeNull();
  });
});

describe('the hardware tab', () => {
  it('gives the reason of the suggestion, and lets the user say otherwise', () => {
    const shown = show(makeDraft(), 'hardware');
    expect(screen.getByText('Colab declares T4.')).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Build for'), { target: { value: 'cpu' } });
    expect(shown.chosen).toEqual([{ hardware: { accelerator: 'cpu' } }]);
  });

  it('goes back to the suggestion', () => {
    const shown = show(makeDraft({ choices: { hardware: { accelerator: 'cpu' } } }), 'hardware');
    expect(screen.getByText(/You chose this/)).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Build for'), { target: { value: '' } });
    expect(shown.chosen).toEqual([{ hardware: {} }]);
  });

  it('says when declaration and code disagree', () => {
    const inspection = makeInspection();
    const needed = { ...inspection.hardware.needed, kind: 'cpu', optional: false };
    show(makeDraft({ inspection: { ...inspection, hardware: { ...inspection.hardware, needed } } }), 'hardware');
    expect(screen.getByText(/declares one thing/)).toBeTruthy();
  });
});

describe('the run tab', () => {
  it('says why a purpose is not to be had', () => {
    show(makeDraft(), 'run');
    const inference = screen.getByLabelText('Inference');
    expect(inference).toHaveProperty('disabled', true);
    expect(document.getElementById(inference.getAttribute('aria-describedby') ?? '')?.textContent).toBe(
      'No model is saved.'
    );
  });

  it('takes a name only when it is right', () => {
    const shown = show(makeDraft(), 'run');
    const name = screen.getByLabelText('Name');
    fireEvent.change(name, { target: { value: 'Team/Churn' } });
    fireEvent.blur(name);
    expect(screen.getByText('Small letters only: team.')).toBeTruthy();
    expect(shown.chosen).toEqual([]);
    fireEvent.change(name, { target: { value: 'team/churn:v2' } });
    fireEvent.keyDown(name, { key: 'Enter' });
    expect(shown.chosen).toEqual([{ name: 'team/churn:v2' }]);
  });

  it('shows parameters, files and what becomes of secrets', () => {
    show(makeDraft(), 'run');
    expect(screen.getByText('epochs')).toBeTruthy();
    expect(screen.getByText('20')).toBeTruthy();
    expect(screen.getByText('data/churn.csv')).toBeTruthy();
    expect(screen.getByText('OPENAI_API_KEY')).toBeTruthy();
    expect(screen.getByText(/Never put into the image/)).toBeTruthy();
  });
});
