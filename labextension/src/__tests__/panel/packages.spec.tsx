import { fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { Choices, Inspection, Location, Plan } from '../../tokens';
import { PackagesTab } from '../../views/packages';
import { trans } from '../page';
import { makeInspection, makePlan, makeSettled } from './samples';

interface IShown {
  chosen: Choices[];
  revealed: Location[];
}

function show(inspection: Inspection, choices: Choices = {}, plan: Plan | null = makePlan()): IShown {
  const shown: IShown = { chosen: [], revealed: [] };
  render(
    <PackagesTab
      inspection={inspection}
      plan={plan}
      choices={choices}
      onChoose={next => shown.chosen.push(next)}
      reveal={location => shown.revealed.push(location)}
      trans={trans}
    />
  );
  return shown;
}

function button(name: string | RegExp): HTMLElement {
  return screen.getByRole('button', { name });
}

describe('a name that nobody knows', () => {
  it('is given a package by hand', () => {
    const { chosen } = show(makeInspection());
    fireEvent.change(screen.getByLabelText('Package that provides cv3x'), { target: { value: 'opencv-python' } });
    fireEvent.click(button('Use it'));
    expect(chosen).toEqual([{ modules: { cv3x: 'opencv-python' } }]);
  });

  it('takes the suggestion only when it is asked to', () => {
    const { chosen } = show(makeInspection());
    expect(screen.getByLabelText('Package that provides cv3x')).toHaveProperty('value', '');
    fireEvent.click(button('Use opencv-python'));
    expect(chosen).toEqual([{ modules: { cv3x: 'opencv-python' } }]);
  });

  it('is left out', () => {
    const { chosen } = show(makeInspection());
    fireEvent.click(button('Leave it out'));
    expect(chosen).toEqual([{ ignore: ['cv3x'] }]);
  });

  it('refuses what cannot be a name, and says so', () => {
    const { chosen } = show(makeInspection());
    const input = screen.getByLabelText('Package that provides cv3x');
    fireEvent.change(input, { target: { value: 'rm -rf' } });
    fireEvent.submit(input);
    expect(chosen).toEqual([]);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent).toMatch(/Letters/);
  });

  it('comes before the packages, and is gone once it is decided', () => {
    show(makeInspection(), { ignore: ['cv3x'] });
    expect(screen.queryByText('cv3x')).toBeNull();
    expect(screen.getByText('cv3x may be missing')).toBeTruthy();
  });
});

describe('sources that disagree', () => {
  it('follow the one that is chosen', () => {
    const { chosen } = show(makeInspection());
    expect(screen.getByLabelText('==2.2.3')).toHaveProperty('checked', true);
    fireEvent.click(screen.getByLabelText('>=2.3'));
    expect(chosen).toEqual([{ packages: ['pandas>=2.3'] }]);
  });

  it('show the choice that was made', () => {
    show(makeInspection(), { packages: ['pandas>=2.3'] });
    expect(screen.getByLabelText('>=2.3')).toHaveProperty('checked', true);
    expect(screen.getByLabelText('==2.2.3')).toHaveProperty('checked', false);
  });
});

describe('a package', () => {
  it('shows its planned version, where it comes from, and leads to its cell', () => {
    const { revealed } = show(makeSettled());
    const row = within(screen.getByRole('list', { name: 'Packages' })).getAllByRole('listitem')[0];
    expect(within(row).getByText('2.2.3')).toBeTruthy();
    expect(within(row).getByText('kernel').title).not.toBe('');
    fireEvent.click(within(row).getByRole('button', { name: 'Imported in cell 3' }));
    expect(revealed).toEqual([{ path: 'train.ipynb', cell: 3, line: 2 }]);
  });

  it('is left out, with a way back', () => {
    const { chosen } = show(makeSettled());
    fireEvent.click(button('Leave pandas out of the image'));
    expect(chosen).toEqual([{ without: ['pandas'] }]);
  });

  it('comes back by undo, as an empty list that beats what the notebook keeps', () => {
    const { chosen } = show(makeSettled(), { without: ['pandas'] });
    fireEvent.click(button('Undo: pandas is left out'));
    expect(chosen).toEqual([{ without: [] }]);
  });

  it('is added, in place of another wish for it', () => {
    const { chosen } = show(makeSettled(), { packages: ['seaborn==0.12'] });
    const input = screen.getByLabelText('Package to add');
    fireEvent.change(input, { target: { value: 'seaborn>=0.13' } });
    fireEvent.submit(input);
    expect(chosen).toEqual([{ packages: ['seaborn>=0.13'] }]);
    expect(input).toHaveProperty('value', '');
  });

  it('of the system is added', () => {
    const { chosen } = show(makeSettled());
    const input = screen.getByLabelText('System package to add');
    fireEvent.change(input, { target: { value: 'ffmpeg' } });
    fireEvent.submit(input);
    expect(chosen).toEqual([{ system: ['ffmpeg'] }]);
  });
});

describe('many packages', () => {
  const many = Array.from({ length: 20 }, (_, at) => ({ name: `part-${at}`, version: '1', size: 0, reused: false }));

  it('have a filter, which also finds those that others need', () => {
    show(makeSettled(), {}, makePlan({ packages: many }));
    fireEvent.change(screen.getByLabelText('Filter packages'), { target: { value: 'part-17' } });
    expect(screen.getByText('part-17')).toBeTruthy();
    expect(screen.queryByText('pandas')).toBeNull();
  });

  it('that are few have none', () => {
    show(makeSettled());
    expect(screen.queryByLabelText('Filter packages')).toBeNull();
  });
});
