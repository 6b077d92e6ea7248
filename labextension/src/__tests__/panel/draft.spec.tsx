import { fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { Choices, Draft, Location } from '../../tokens';
import { DraftView } from '../../views/draft';
import { IOffers } from '../../views/offers';
import { trans } from '../page';
import { makeDraft, makeInspection, makePlan } from './samples';

const OFFERS: IOffers = {
  purposes: [
    { name: 'training', available: true, why: '' },
    { name: 'inference', available: false, why: 'No model is saved.' }
  ],
  accelerators: [
    { name: 'cpu', kind: 'cpu', words: 'a CPU', note: '' },
    { name: 'cuda12', kind: 'cuda', words: 'an NVIDIA GPU (CUDA 12)', note: '' },
    { name: 'acme', kind: 'acme', words: 'the Acme board', note: 'It needs /dev/acme.' }
  ],
  stacks: [{ name: 'trixie', words: 'Debian 13, Python 3.13' }],
  platforms: ['linux/amd64', 'linux/arm64']
};

interface IShown {
  chosen: Choices[];
  built: number;
  kept: number;
  revealed: Location[];
}

/** The draft with its tab as state, as the panel has it. */
function show(draft: Draft, first = 'packages'): IShown {
  const shown: IShown = { chosen: [], built: 0, kept: 0, revealed: [] };
  function Shown(): React.JSX.Element {
    const [tab, setTab] = React.useState(first);
    return (
      <DraftView
        draft={draft}
        choices={draft.choices}
        offers={OFFERS}
        models={[{ value: 'train-runs/3', label: 'train-runs/3, trained just now' }]}
        tab={tab}
        onTab={setTab}
        onChoose={next => shown.chosen.push(next)}
        onKeep={() => shown.kept++}
        onBuild={() => shown.built++}
        onInspect={() => undefined}
        reveal={location => shown.revealed.push(location)}
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

  it('shows what a service keeps of each cell, and leads there', () => {
    const cells = [
      { cell: 2, kept: 'all', why: 'predict needs model' },
      { cell: 5, kept: 'part', why: 'predict needs scale' },
      { cell: 7, kept: 'none', why: 'training' }
    ];
    const shown = show(makeDraft({ plan: makePlan({ purpose: 'inference', cells }) }), 'run');
    const section = within(screen.getByRole('region', { name: /Code that answers requests/ }));
    expect(section.getByText('2 of 3 cells')).toBeTruthy();
    const rows = section.getAllByRole('listitem').map(row => row.textContent);
    expect(rows).toEqual([
      'Cell 2keptpredict needs model',
      'Cell 5kept in partpredict needs scale',
      'Cell 7left outtraining'
    ]);
    fireEvent.click(section.getByRole('button', { name: 'Cell 5' }));
    expect(shown.revealed).toEqual([{ path: '', cell: 5, line: null }]);
  });

  it('says nothing of a service where there is none', () => {
    show(makeDraft({ plan: makePlan({ cells: [] }) }), 'run');
    expect(screen.queryByRole('region', { name: /Code that answers requests/ })).toBeNull();
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

describe('what the image is made for', () => {
  const options = (label: string): string[] =>
    within(screen.getByLabelText(label))
      .getAllByRole<HTMLOptionElement>('option')
      .map(option => option.value);

  it('is chosen among the rows of the server, a platform team\u2019s too, with what to know about it', () => {
    const shown = show(makeDraft({ choices: { hardware: { accelerator: 'acme' } } }), 'hardware');
    expect(options('Build for')).toEqual(['', 'cpu', 'cuda', 'cuda12', 'acme']);
    expect(screen.getByRole('option', { name: 'the Acme board' })).toBeTruthy();
    expect(screen.getByText('It needs /dev/acme.')).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Build for'), { target: { value: 'cuda12' } });
    expect(shown.chosen).toEqual([{ hardware: { accelerator: 'cuda12' } }]);
  });

  it('is chosen with its system and its platform', () => {
    const shown = show(makeDraft(), 'hardware');
    fireEvent.change(screen.getByLabelText('System'), { target: { value: 'trixie' } });
    fireEvent.change(screen.getByLabelText('Platform'), { target: { value: 'linux/arm64' } });
    expect(shown.chosen).toEqual([{ stack: 'trixie' }, { platform: 'linux/arm64' }]);
  });
});

describe('files that ask for more', () => {
  const add = (label: string, text: string): void => {
    const input = screen.getByLabelText(label);
    fireEvent.change(input, { target: { value: text } });
    fireEvent.submit(input);
  };

  it('are added, and their groups; not from elsewhere', () => {
    const shown = show(makeDraft({ choices: { requirements: ['a_b.txt'] } }));
    add('File of requirements to add', '../other.txt');
    expect(screen.getByText(/without a way out/)).toBeTruthy();
    add('File of requirements to add', 'a-b.txt');
    add('Group or extra to add', 'dev');
    expect(shown.chosen).toEqual([
      { requirements: ['a_b.txt', 'a-b.txt'] },
      { requirements: ['a_b.txt'], groups: ['dev'] }
    ]);
  });

  it('may be a conda environment, which can be taken back', () => {
    const shown = show(makeDraft({ choices: { conda: 'environment.yml' } }));
    const input = screen.getByLabelText('Conda environment');
    fireEvent.change(input, { target: { value: 'envs/gpu.yml' } });
    fireEvent.blur(input);
    fireEvent.click(screen.getByRole('button', { name: 'Undo: Runs in the environment of environment.yml' }));
    expect(shown.chosen).toEqual([{ conda: 'envs/gpu.yml' }, {}]);
  });
});

describe('the model of an inference image', () => {
  it('is what a training left, or a path', () => {
    const shown = show(makeDraft({ choices: { purpose: 'inference' } }), 'run');
    fireEvent.change(screen.getByLabelText('Comes from'), { target: { value: 'train-runs/3' } });
    const input = screen.getByLabelText('Or from a file or folder');
    fireEvent.change(input, { target: { value: '/etc/passwd' } });
    fireEvent.blur(input);
    fireEvent.change(input, { target: { value: 'models/m.joblib' } });
    fireEvent.blur(input);
    expect(shown.chosen.map(({ model }) => model)).toEqual(['train-runs/3', 'models/m.joblib']);
  });

  it('is nothing that a training image is asked for', () => {
    show(makeDraft(), 'run');
    expect(screen.queryByLabelText('Comes from')).toBeNull();
  });
});
