import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';
import { Action, Image, Location, Run, RunFold } from '../../tokens';
import { FailureCard } from '../../views/failure';
import { ProgressView } from '../../views/progress';
import { ResultCard } from '../../views/result';
import { sequence } from '../contract';
import { trans } from '../page';
import { foldOf, makeFailure, makeImage, makeRun, NOW } from './samples';

function progress(run: Run, fold: RunFold, now: () => number = () => NOW): { cancelled: number } {
  const shown = { cancelled: 0 };
  render(<ProgressView run={run} fold={fold} now={now} logHref="#" onCancel={() => shown.cancelled++} trans={trans} />);
  return shown;
}

describe('a build that goes on', () => {
  const going = foldOf(
    { event: 'PhaseStarted', phase: 'inspect' },
    { event: 'PhaseEnded', phase: 'inspect', summary: '4 packages needed' },
    { event: 'PhaseStarted', phase: 'build' },
    { event: 'Progress', phase: 'build', what: 'packages', done: 12, total: 40, unit: 'packages' }
  );

  it('names its phases plainly, the specification in the tooltip, the current one marked', () => {
    progress(makeRun(), going);
    const steps = within(screen.getByRole('list', { name: 'Phases of the build' })).getAllByRole('listitem');
    const current = steps.filter(step => step.getAttribute('aria-current') === 'step');
    expect(current).toHaveLength(1);
    expect(current[0].textContent).toContain('12 of 40 packages');
    expect(within(current[0]).getByText('Install packages').title).toMatch(/^build: /);
    expect(within(steps[0]).getByRole('img', { name: 'Done' })).toBeTruthy();
    expect(within(steps[0]).getByText('4 packages needed')).toBeTruthy();
    expect(within(steps[steps.length - 1]).getByRole('img', { name: 'Not begun' })).toBeTruthy();
  });

  it('tells elapsed and remaining time, which go on by themselves', () => {
    jest.useFakeTimers();
    let now = NOW;
    progress(makeRun(), going, () => now);
    expect(screen.getByText('10 s · about 30 s left')).toBeTruthy();
    now += 10;
    act(() => void jest.advanceTimersByTime(1100));
    expect(screen.getByText('20 s · about 20 s left')).toBeTruthy();
    jest.useRealTimers();
  });

  it('is cancelled only after a second question, to which Escape is no', () => {
    const shown = progress(makeRun(), going);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Go on' }));
    fireEvent.keyDown(document.activeElement ?? document.body, { key: 'Escape' });
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Cancel' }));
    expect(shown.cancelled).toBe(0);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    fireEvent.click(screen.getByRole('button', { name: 'Stop it' }));
    expect(shown.cancelled).toBe(1);
  });

  it('that is being stopped cannot be cancelled again', () => {
    progress(makeRun({ cancelling: true }), going);
    const button = screen.getByRole('button', { name: 'Stopping…' });
    fireEvent.click(button);
    expect(button.getAttribute('aria-disabled')).toBe('true');
    expect(screen.queryByRole('group', { name: 'Stop this build?' })).toBeNull();
  });

  it.each([
    [1, 'Waiting for its turn: it is next'],
    [2, 'Waiting: 1 build before it'],
    [4, 'Waiting: 3 builds before it']
  ])('tells its place in the queue: %s', (position, text) => {
    progress(makeRun({ state: 'queued', started: null, position }), foldOf());
    expect(screen.getByText(text)).toBeTruthy();
    expect(screen.getByRole('progressbar', { name: 'Progress of the build' }).hasAttribute('value')).toBe(false);
  });
});

describe('an image', () => {
  function result(
    delivery: { run: Run; fold: RunFold } | null = null,
    part: Partial<Image> = {}
  ): {
    pushed: [string, boolean][];
    trained: number;
    stopped: number;
  } {
    const shown = { pushed: [] as [string, boolean][], trained: 0, stopped: 0 };
    const { fold } = sequence('success');
    const layers = [
      {
        diff_id: 'd1',
        digest: 'sha256:1',
        size: 90e6,
        origin: "Layer: 'scipy-1.17.1-43af8d1f', Created",
        reused: true
      },
      { diff_id: 'd2', digest: 'sha256:2', size: 10e6, origin: 'mlpack stack bookworm', reused: false }
    ];
    render(
      <ResultCard
        run={makeRun({ state: 'succeeded', ended: NOW })}
        fold={fold}
        image={makeImage({ size: 100e6, layers, ...part })}
        archiveHref="http://localhost/archive"
        logHref="#"
        delivery={delivery}
        service={null}
        serveForm={close => <button onClick={close}>started</button>}
        onTrain={() => shown.trained++}
        onPush={(...push) => shown.pushed.push(push)}
        onCancelPush={() => shown.stopped++}
        onAgain={() => undefined}
        trans={trans}
      />
    );
    return shown;
  }

  it('has its name, a short digest, its size and what was reused', () => {
    result();
    expect(screen.getByRole('heading', { name: 'churn:training' })).toBeTruthy();
    expect(screen.getByText('sha256:333333333333').title).toHaveLength(71);
    expect(screen.getByText('100 MB · built in 10 s · 1 of 2 layers reused')).toBeTruthy();
  });

  it('shows what takes the space as a picture with words, and as a table', () => {
    result();
    const picture = screen.getByRole('img', { name: /Size by layer/ });
    expect(picture.getAttribute('aria-label')).toContain('scipy 1.17.1: 90 MB, system (bookworm): 10 MB');
    const rows = within(screen.getByRole('table', { hidden: true })).getAllByRole('row', { hidden: true });
    expect(rows.map(row => row.textContent)).toEqual([
      'LayerSizeReused',
      'scipy 1.17.190 MByes',
      'system (bookworm)10 MBno'
    ]);
  });

  it('can be run, downloaded and trained', () => {
    const shown = result();
    expect(screen.getByText('jupyter mlpack run churn:training')).toBeTruthy();
    expect(screen.getByText(/^docker load -i churn-training.tar && docker run --rm .*churn:training$/)).toBeTruthy();
    expect(screen.getByRole('link', { name: /Download/ }).getAttribute('href')).toBe('http://localhost/archive');
    fireEvent.click(screen.getByRole('button', { name: 'Run training' }));
    expect(shown.trained).toBe(1);
  });

  it('that serves is served here or with Docker, on this machine only, and not trained', () => {
    result(null, { processes: [{ ...makeImage().processes[0], type: 'serve' }] });
    expect(screen.getByText('Serve here, without Docker')).toBeTruthy();
    expect(screen.getByText(/docker run --rm -p 127\.0\.0\.1:8080:8080 /)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Run training' })).toBeNull();
    const button = screen.getByRole('button', { name: 'Run service' });
    fireEvent.click(button);
    expect(button.getAttribute('aria-expanded')).toBe('true');
    fireEvent.click(screen.getByText('started'));
    expect(screen.queryByText('started')).toBeNull();
  });

  it('is pushed to where the form says', () => {
    const shown = result();
    fireEvent.click(screen.getByRole('button', { name: 'Push' }));
    const form = screen.getByRole('form', { name: 'Push the image' });
    fireEvent.change(within(form).getByLabelText('Destination'), { target: { value: 'localhost:5000/churn:1' } });
    fireEvent.click(within(form).getByLabelText('Without TLS'));
    fireEvent.submit(form);
    expect(shown.pushed).toEqual([['localhost:5000/churn:1', true]]);
  });

  it('shows how its push goes on', () => {
    const run = makeRun({ id: 'p1', kind: 'delivery', destination: 'localhost:5000/churn:1' });
    const fold = foldOf({ event: 'Progress', phase: 'publish', what: 'x', done: 5e6, total: 10e6, unit: 'bytes' });
    const shown = result({ run, fold });
    expect(screen.getByText(/Pushing to localhost:5000/).textContent).toContain('5.0 MB of 10 MB');
    expect(screen.getByRole('progressbar', { name: 'Progress of the push' })).toHaveProperty('value', 0.5);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    fireEvent.click(screen.getByRole('button', { name: 'Stop it' }));
    expect(shown.stopped).toBe(1);
  });
});

describe('a failure', () => {
  function failure(fold: RunFold, run: Partial<Run> = {}): { actions: Action[]; revealed: Location[] } {
    const shown = { actions: [] as Action[], revealed: [] as Location[] };
    render(
      <FailureCard
        run={makeRun({ state: 'failed', ended: NOW, ...run })}
        fold={fold}
        logHref="#"
        onAction={action => shown.actions.push(action)}
        onAgain={() => undefined}
        reveal={location => shown.revealed.push(location)}
        trans={trans}
      />
    );
    return shown;
  }
  const failed = foldOf(
    { event: 'PhaseStarted', phase: 'build' },
    { event: 'LogLines', phase: 'build', lines: ['a', 'portaudio.h: No such file or directory', 'b'] },
    makeFailure()
  );

  it('says what, where and why, and leads to the cell', () => {
    const shown = failure(failed);
    expect(screen.getByRole('alert').textContent).toBe('pyaudio 0.2.14 could not be built.');
    expect(screen.getByRole('group', { name: 'Evidence' }).textContent).toBe('portaudio.h: No such file or directory');
    expect(screen.getByText('Phase: Install packages').title).toMatch(/^build: /);
    fireEvent.click(screen.getByRole('button', { name: 'Go to cell 3' }));
    expect(shown.revealed).toEqual([{ path: 'train.ipynb', cell: 3, line: 2 }]);
  });

  it('is mended by its one action', () => {
    const shown = failure(failed);
    fireEvent.click(screen.getByRole('button', { name: 'Build without pyaudio' }));
    expect(shown.actions).toEqual([
      { kind: 'retry', label: trans.__('Build without pyaudio'), choices: { without: ['pyaudio'] } }
    ]);
  });

  it('opens the log at its line by itself', () => {
    failure(failed);
    expect(screen.getByRole('log').querySelector('.jp-mod-marked')?.textContent).toBe(
      'portaudio.h: No such file or directory'
    );
  });

  it('whose action is the log keeps it in the card', () => {
    const action = { kind: 'open-log', label: trans.__('Show the log'), choices: {} };
    const [start, lines] = [
      { event: 'PhaseStarted', phase: 'build' } as const,
      { event: 'LogLines', phase: 'build', lines: ['a'] } as const
    ];
    HTMLElement.prototype.scrollIntoView = jest.fn();
    const shown = failure(foldOf(start, { ...lines, lines: [...lines.lines] }, makeFailure({ action })));
    fireEvent.click(screen.getByRole('button', { name: 'Show the log' }));
    expect(shown.actions).toEqual([]);
    expect(document.activeElement?.textContent).toBe('Log');
  });

  it('that was asked for is told as a stop', () => {
    const stopped = foldOf(
      { event: 'PhaseStarted', phase: 'build' },
      { event: 'JobChanged', state: 'cancelled', exit_status: null }
    );
    failure(stopped, { state: 'cancelled' });
    expect(screen.getByText('Build stopped')).toBeTruthy();
    expect(document.querySelector('.jp-mod-stopped [role=img]')?.getAttribute('aria-label')).toBe('Stopped');
  });
});
