import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { RequestFailed } from '../../problems';
import { Image, Json, Run, ServiceAnswer, ServiceApi } from '../../tokens';
import { Holds } from '../../views/holds';
import { ServiceCard } from '../../views/service';
import { trans } from '../page';
import { foldOf, makeImage, makeRun } from './samples';

const API: ServiceApi = {
  ready: true,
  description: 'The sum.\n\nDetails.',
  request: {
    type: 'object',
    required: ['weights'],
    properties: { weights: { type: 'array', items: { type: 'number' } }, factor: { type: 'integer', default: 2 } }
  },
  schemas: {}
};
const ANSWER: ServiceAnswer = { status: 200, seconds: 0.0123, body: '{"sum":6}', cut: 0 };
const NOT_READY: ServiceApi = { ready: false, description: '', request: {}, schemas: {} };

interface IShown {
  called: Json[];
  stopped: number;
  answer: () => Promise<ServiceAnswer>;
  apis: ServiceApi[];
}

async function show(part: Partial<Run> = {}, apis: ServiceApi[] = [API]): Promise<IShown> {
  const shown: IShown = { called: [], stopped: 0, answer: () => Promise.resolve(ANSWER), apis };
  const address = 'http://127.0.0.1:4000';
  await act(async () => {
    render(
      <ServiceCard
        run={makeRun({ id: 's1', kind: 'service', address, ...part })}
        fold={foldOf()}
        logHref="#"
        onApi={() => Promise.resolve(shown.apis.length > 1 ? (shown.apis.shift() as ServiceApi) : shown.apis[0])}
        onCall={(body, fn) => {
          shown.called.push(fn ? { ...(body as object), to: fn } : body);
          return shown.answer();
        }}
        onStop={() => shown.stopped++}
        trans={trans}
      />
    );
    await Promise.resolve();
  });
  return shown;
}

async function send(): Promise<void> {
  await act(async () => {
    fireEvent.submit(screen.getByRole('form', { name: 'Try it' }));
    await Promise.resolve();
  });
}

describe('a service', () => {
  it('has its address, and is tried with a form of its signature', async () => {
    const shown = await show();
    expect(screen.getByText('http://127.0.0.1:4000')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Its page' }).getAttribute('href')).toBe('http://127.0.0.1:4000/docs');
    expect(screen.getByText('The sum.')).toBeTruthy();
    fireEvent.change(screen.getByLabelText(/weights/), { target: { value: '[1, 2]' } });
    await send();
    expect(shown.called).toEqual([{ weights: [1, 2], factor: 2 }]);
    expect(screen.getByText('Answered in 12 ms')).toBeTruthy();
    expect(screen.getByRole('region', { name: 'Answer' }).textContent).toBe('{\n  "sum": 6\n}');
    expect(
      screen.getByText(/^curl http:\/\/127.0.0.1:4000\/predict .*\{"weights":\[1,2\],"factor":2\}'$/)
    ).toBeTruthy();
  });

  it('may have further functions', async () => {
    const further = { properties: { x: { type: 'number', default: 4 } } };
    const shown = await show({}, [{ ...API, schemas: { 'Request-twice': further } }]);
    fireEvent.change(screen.getByLabelText('Function'), { target: { value: 'twice' } });
    await send();
    expect(shown.called).toEqual([{ x: 4, to: 'twice' }]);
    expect(screen.getByText(/predict\/twice -H/)).toBeTruthy();
  });

  it('is not asked with what cannot be read', async () => {
    const shown = await show();
    fireEvent.change(screen.getByLabelText(/weights/), { target: { value: '[1' } });
    expect(screen.getByText(/Not JSON/)).toBeTruthy();
    await send();
    expect(shown.called).toEqual([]);
  });

  it('shows a refusal of the service, and one of the server', async () => {
    const shown = await show();
    shown.answer = () => Promise.resolve({ status: 422, seconds: 0, body: 'no json', cut: 3 });
    await send();
    expect(screen.getByText('Refused with status 422 after 1 ms')).toBeTruthy();
    expect(screen.getByText('no json')).toBeTruthy();
    expect(screen.getByText('3 more characters are not shown.')).toBeTruthy();
    const silent = { code: 'service-silent', message: 'The service gave no answer.', where: '', why: '', hint: '' };
    shown.answer = () => Promise.reject(new RequestFailed(silent, 502));
    await send();
    expect(screen.getByRole('alert').textContent).toContain('The service gave no answer.');
    expect(screen.queryByText('no json')).toBeNull();
  });

  it('that starts is asked until it is ready', async () => {
    jest.useFakeTimers();
    await show({}, [NOT_READY, NOT_READY, API]);
    expect(screen.getByText('Starting…')).toBeTruthy();
    expect(screen.queryByRole('form')).toBeNull();
    for (let second = 0; second < 3; second += 1) {
      await act(async () => {
        jest.advanceTimersByTime(1000);
        await Promise.resolve();
      });
    }
    expect(screen.getByText('Answers requests')).toBeTruthy();
    jest.useRealTimers();
  });

  it('is stopped after a second question', async () => {
    const shown = await show();
    fireEvent.click(screen.getByRole('button', { name: 'Stop the service' }));
    fireEvent.click(screen.getByRole('button', { name: 'Stop it' }));
    expect(shown.stopped).toBe(1);
  });

  it.each<[Run['state'], string]>([
    ['queued', 'Waiting for another one to be stopped'],
    ['cancelled', 'Stopped'],
    ['failed', 'Failed']
  ])('that is %s says so, and cannot be tried', async (state, text) => {
    await show({ state, failure: 'It broke.' });
    expect(screen.getByText(text)).toBeTruthy();
    expect(screen.queryByRole('form')).toBeNull();
    expect(screen.queryByText('It broke.') !== null).toBe(state === 'failed');
  });
});

describe('what an image says of itself', () => {
  const own = 'org.jupyter-mlpack.';
  function holds(...labels: [string, string][]): Image {
    const image = makeImage({ labels });
    render(<Holds image={image} trans={trans} />);
    return image;
  }

  it('is its hardware with the floor, what it takes along and wants mounted, and its labels', () => {
    holds(
      [`${own}accelerator`, 'cuda12'],
      [`${own}accelerator.model`, 'T4'],
      [`${own}accelerator.count`, '2'],
      [`${own}cuda.driver`, '525.60.13'],
      [`${own}cuda.capability`, '7.5'],
      [`${own}mounts`, '[{"path":"/workspace/data","required":true},{"path":"/workspace/more","required":false}]'],
      [`${own}assets`, '[{"path":"train.csv","size":12000000,"sha256":"x"}, 5]'],
      [`${own}business-tags`, 'com.example.cost-center,org.opencontainers.image.vendor'],
      ['org.opencontainers.image.vendor', 'Acme'],
      ['org.opencontainers.image.title', 'the run image'],
      ['com.example.cost-center', '4711'],
      ['io.buildpacks.stack.id', 'x']
    );
    const facts = within(screen.getByLabelText('Made for')).getAllByRole('definition');
    expect(facts.map(fact => fact.textContent)).toEqual([
      'NVIDIA GPU (CUDA 12), 2 × T4',
      '525.60.13',
      '7.5',
      'train.csv (12 MB)',
      '/workspace/data, /workspace/more (may be missing)'
    ]);
    const terms = within(screen.getByLabelText('Labels')).getAllByRole('term');
    expect(terms.map(term => term.textContent)).toEqual(['org.opencontainers.image.vendor', 'com.example.cost-center']);
  });

  it('is nothing where there is nothing to say', () => {
    holds([`${own}purpose`, 'training'], ['io.buildpacks.stack.id', 'x'], [`${own}mounts`, 'no json']);
    expect(screen.queryByText('What it says of itself')).toBeNull();
  });
});
