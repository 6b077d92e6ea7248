import { fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { Metrics } from '../../views/metrics';
import { JOB_FOLD, trans } from './held';

it('draws nothing without metrics', () => {
  const { container } = render(<Metrics metrics={{ loss: [{ step: 1, value: NaN }] }} trans={trans} />);
  expect(container.innerHTML).toBe('');
});

it('draws a plot for each kind, told in words, with the last value in the legend', () => {
  render(<Metrics metrics={JOB_FOLD.metrics} trans={trans} />);
  expect(screen.getAllByRole('img').map(plot => plot.getAttribute('aria-label'))).toEqual([
    'loss by step: loss, 2 values from 0.4 to 0.9, last 0.4',
    'accuracy by step: accuracy, 1 values from 0.8 to 0.8, last 0.8'
  ]);
  expect(screen.getByText('0.4', { selector: 'strong' })).toBeTruthy();
});

it('shows the same as a table when asked', () => {
  const { container } = render(<Metrics metrics={JOB_FOLD.metrics} trans={trans} />);
  expect(screen.queryByRole('table')).toBeNull();
  const details = container.querySelector('details');
  details!.open = true;
  fireEvent(details!, new Event('toggle'));
  const rows = within(screen.getByRole('table')).getAllByRole('row');
  expect(rows.map(row => [...row.children].map(cell => cell.textContent))).toEqual([
    ['Step', 'loss', 'accuracy'],
    ['1', '0.9', ''],
    ['2', '0.4', '0.8']
  ]);
});

it('tells the value under the pointer', () => {
  render(<Metrics metrics={{ loss: JOB_FOLD.metrics.loss }} trans={trans} />);
  const plot = screen.getByRole('img');
  plot.getBoundingClientRect = () => ({ left: 0, width: 290 }) as DOMRect;
  fireEvent(plot, new MouseEvent('pointermove', { bubbles: true, clientX: 60 }));
  expect(screen.getByText('at 1')).toBeTruthy();
  expect(screen.getByText('0.9', { selector: 'strong' })).toBeTruthy();
});
