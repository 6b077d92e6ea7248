import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { Asset, Choices } from '../../tokens';
import { Assets } from '../../views/assets';
import { trans } from '../page';

const HASH = '9'.repeat(64);
const CSV: Asset = { path: 'data/train.csv', from: 'https://example.org/train.csv', sha256: HASH };

function show(assets?: Asset[]): Choices[] {
  const chosen: Choices[] = [];
  render(<Assets choices={{ name: 'a:b', assets }} onChoose={next => chosen.push(next)} trans={trans} />);
  return chosen;
}

function type(label: RegExp, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

function add(): HTMLButtonElement {
  return screen.getByRole<HTMLButtonElement>('button', { name: 'Add data' });
}

it('are declared with an address and its hash', () => {
  const chosen = show();
  expect(add().disabled).toBe(true);
  type(/^Path/, 'data/train.csv');
  expect(screen.getByText('Say where it comes from.')).toBeTruthy();
  type(/^Source/, ' https://example.org/train.csv ');
  expect(screen.getByText(/needs its SHA-256/)).toBeTruthy();
  type(/^SHA-256/, HASH.slice(1));
  expect(screen.getByText(/^64 digits/)).toBeTruthy();
  expect(add().disabled).toBe(true);
  type(/^SHA-256/, HASH.toUpperCase());
  fireEvent.click(add());
  expect(chosen).toEqual([{ name: 'a:b', assets: [CSV] }]);
  expect(screen.getByLabelText<HTMLInputElement>(/^Path/).value).toBe('');
});

it.each<[string, string, Asset]>([
  ['a path', 'artifacts/model.joblib', { path: 'data/x', from: 'artifacts/model.joblib' }],
  ['DVC', 'dvc', { path: 'data/x', from: 'dvc' }]
])('come from %s without a hash', (_, from, asset) => {
  const chosen = show([CSV]);
  type(/^Path/, 'data/x');
  type(/^Source/, from);
  fireEvent.click(add());
  expect(chosen).toEqual([{ name: 'a:b', assets: [CSV, asset] }]);
});

it.each<[boolean, Asset]>([
  [true, { path: '/srv/images', mount: true }],
  [false, { path: '/srv/images', mount: true, required: false }]
])('are given to each run, needed: %s', (needed, asset) => {
  const chosen = show();
  fireEvent.click(screen.getByLabelText('Given when the image runs'));
  expect(screen.queryByLabelText(/^Source/)).toBeNull();
  if (!needed) {
    fireEvent.click(screen.getByLabelText('A run needs it'));
  }
  type(/^Path/, '/srv/images');
  fireEvent.click(add());
  expect(chosen[0].assets).toEqual([asset]);
});

it.each([
  [/^Path/, '../out', /without a way out/],
  [/^Path/, '/srv', /without a way out/],
  [/^Path/, 'data', /data\/train\.csv is there already/],
  [/^Path/, 'data/train.csv/x', /is there already/],
  [/^Source/, 'https://me:secret@example.org/x', /holds a credential/],
  [/^Source/, 's3://a/b?X-Amz-Signature=1', /holds a credential/],
  [/^Source/, 'gs://a/b', /are fetched/],
  [/^Source/, '/etc/passwd', /an address, or dvc/]
])('tell what is wrong with %s: %s', (label, text, said) => {
  show([CSV]);
  type(/^Path/, 'more');
  type(/^Source/, 'dvc');
  expect(add().disabled).toBe(false);
  type(label, text);
  expect(screen.getByText(said)).toBeTruthy();
  expect(add().disabled).toBe(true);
});

it('say where they come from, and are taken back one by one', () => {
  const chosen = show([CSV, { path: 'images', mount: true, required: false }, { path: 'm', from: 'dvc' }]);
  expect(screen.getByText('from https://example.org/train.csv, SHA-256 999999999999…').title).toBe(HASH);
  expect(screen.getByText('given when the image runs, if somebody has it')).toBeTruthy();
  expect(screen.getByText('as DVC tracks it')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Undo: images' }));
  expect(chosen[0].assets?.map(asset => asset.path)).toEqual(['data/train.csv', 'm']);
});
