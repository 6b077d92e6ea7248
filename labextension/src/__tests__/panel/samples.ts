/** What the panel's tests show: the samples of the wire, changed where a test says so. */
import { EMPTY, fold } from '../../fold';
import { Draft, Event, Failed, Image, Inspection, Plan, Run, RunFold } from '../../tokens';
import { value } from '../contract';
import { trans } from '../page';

export const NOW = 1_700_000_000;

export function makeInspection(part: Partial<Inspection> = {}): Inspection {
  return { ...value<Inspection>('Inspection'), ...part };
}

/** An inspection with nothing left to decide. */
export function makeSettled(): Inspection {
  return makeInspection({ unresolved: [], conflicts: [] });
}

export function makePlan(part: Partial<Plan> = {}): Plan {
  return { ...value<Plan>('Plan'), ...part };
}

export function makeImage(part: Partial<Image> = {}): Image {
  return { ...value<Image>('Image'), ...part };
}

export function makeDraft(part: Partial<Draft> = {}): Draft {
  const nothing = { busy: null, problem: null, choices: {}, saved: {}, unsaved: false, stale: false, build: null };
  return { path: 'work/train.ipynb', inspection: makeSettled(), plan: makePlan(), ...nothing, ...part };
}

export function makeRun(part: Partial<Run> = {}): Run {
  return {
    kind: 'build',
    id: 'b1',
    state: 'running',
    path: 'work/train.ipynb',
    image: 'churn:training',
    digest: '',
    size: 0,
    user: 'ada',
    created: NOW - 12,
    started: NOW - 10,
    ended: null,
    position: 0,
    cancelling: false,
    seq: 0,
    phase: 'build',
    expected: 40,
    choices: {},
    parameters: {},
    engine: '',
    target: '',
    resources: {},
    output: '',
    outputs: [],
    destination: '',
    address: '',
    failure: '',
    purpose: '',
    ...part
  };
}

/** The state after these events, one a second. */
export function foldOf(...events: Event[]): RunFold {
  return fold(
    EMPTY,
    events.map((event, index) => ({ seq: index + 1, at: NOW - 10 + index, event }))
  );
}

export function makeFailure(part: Partial<Failed> = {}): Failed {
  return {
    event: 'Failed',
    code: 'wheel-build',
    what: 'pyaudio 0.2.14 could not be built.',
    where: 'pyaudio',
    why: 'portaudio.h: No such file or directory',
    hint: 'Leave it out.',
    location: { path: 'train.ipynb', cell: 3, line: 2 },
    action: { kind: 'retry', label: trans.__('Build without pyaudio'), choices: { without: ['pyaudio'] } },
    ...part
  };
}

/** A log of so many lines, `line 0` first. */
export function makeLog(count: number): { phase: string; text: string }[] {
  return Array.from({ length: count }, (_, index) => ({ phase: 'build', text: `line ${index}` }));
}
