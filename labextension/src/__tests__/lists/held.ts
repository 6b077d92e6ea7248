/** What the lists' tests are fed with: runs, folds, and a model that holds what it is given and notes what is asked. */
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { nullTranslator } from '@jupyterlab/translation';
import job from '../../../../tests/contract/sequences/job.json';
import image from '../../../../tests/contract/values/Image.json';
import inspection from '../../../../tests/contract/values/Inspection.json';
import { EMPTY } from '../../fold';
import { IPlaces } from '../../places';
import { RequestFailed } from '../../problems';
import {
  Choices,
  Draft,
  Drift,
  IMlpack,
  Image,
  Inspection,
  JobRequest,
  Json,
  Location,
  Problem,
  Run,
  RunFold,
  ServiceAnswer,
  ServiceApi,
  ServiceRequest,
  Status
} from '../../tokens';

export const trans = nullTranslator.load('jupyter_mlpack');
export const NOW = 1_800_000_000;
export const JOB_FOLD = job.fold as RunFold;
export const INSPECTION = inspection as unknown as Inspection;

export const STATUS: Status = {
  version: '0.1.0',
  user: 'ada',
  builds: { limit: 2, running: 0, queued: 0 },
  jobs: { limit: 2, running: 0, queued: 0 },
  engines: [
    { name: 'process', available: true, why: '' },
    { name: 'docker', available: false, why: 'no Docker answers' },
    { name: 'slurm', available: true, why: '' }
  ],
  services: { limit: 1, running: 0, queued: 0 },
  purposes: [],
  accelerators: [],
  stacks: [],
  platforms: [],
  targets: []
};

export const PROBLEM: Problem = { code: 'busy', message: 'Not now.', where: '', why: '', hint: 'Wait.' };

/** A succeeded build of an hour ago, but for what is said. */
export function makeRun(some: Partial<Run> = {}): Run {
  return {
    kind: 'build',
    id: 'b1',
    state: 'succeeded',
    path: 'work/digits.ipynb',
    image: 'digits:training',
    digest: `sha256:${'a'.repeat(64)}`,
    size: 28_000_000,
    user: 'ada',
    created: NOW - 3600,
    started: NOW - 3600,
    ended: NOW - 3588,
    position: 0,
    cancelling: false,
    seq: 9,
    phase: '',
    expected: null,
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
    ...some
  };
}

/** An image that takes these parameters. */
export function makeImage(parameters: string): Image {
  return { ...image, labels: [['org.jupyter-mlpack.parameters', parameters]] };
}

export function makeFold(some: Partial<RunFold>): RunFold {
  return { ...EMPTY, ...some };
}

/** Notes where it was sent. */
export class Visited implements IPlaces {
  readonly calls: unknown[][] = [];

  open(path: string): void {
    this.calls.push(['open', path]);
  }

  goTo(location: Location): void {
    this.calls.push(['goTo', location]);
  }

  containerize(path: string): void {
    this.calls.push(['containerize', path]);
  }

  train(image: string, path: string): void {
    this.calls.push(['train', image, path]);
  }

  builds(): void {
    this.calls.push(['builds']);
  }
}

export class Held implements IMlpack {
  constructor(
    public runs: readonly Run[],
    readonly folds: { [id: string]: RunFold } = {}
  ) {}

  readonly changed: ISignal<IMlpack, void> = new Signal<this, void>(this);
  status: Status | null = STATUS;
  problem: Problem | null = null;
  readonly mismatch = null;
  isDisposed = false;
  /** What was asked, in order. */
  readonly asked: unknown[][] = [];
  /** Runs that are followed now. */
  readonly followed = new Set<string>();
  drifts: { [id: string]: Drift } = {};
  drafts: { [path: string]: Partial<Draft> } = {};
  refusal: Problem | null = null;
  freed = 120_000_000;

  dispose(): void {
    this.isDisposed = true;
  }

  run(id: string): Run | null {
    return this.runs.find(run => run.id === id) ?? null;
  }

  now(): number {
    return NOW;
  }

  follow(id: string): IDisposable {
    this.followed.add(id);
    return new DisposableDelegate(() => this.followed.delete(id));
  }

  fold(id: string): RunFold {
    return this.folds[id] ?? EMPTY;
  }

  draft(path: string): Draft {
    const none = { inspection: null, plan: null, busy: null, problem: null, build: null };
    return { path, ...none, choices: {}, saved: {}, unsaved: false, stale: false, ...this.drafts[path] };
  }

  inspect(path: string): Promise<void> {
    return this._note<void>(undefined, 'inspect', path);
  }

  choose(path: string, choices: Choices): void {
    this.asked.push(['choose', path, choices]);
  }

  keep(): Promise<void> {
    throw new Error('The lists keep nothing.');
  }

  refresh(): Promise<void> {
    return this._note<void>(undefined, 'refresh');
  }

  build(): Promise<Run | null> {
    throw new Error('The panel builds.');
  }

  train(request: JobRequest): Promise<Run> {
    return this._note(makeRun({ kind: 'job', id: 'new', state: 'queued' }), 'train', request);
  }

  deliver(id: string, destination: string, insecure: boolean): Promise<Run> {
    return this._note(makeRun({ kind: 'delivery', id: 'd1' }), 'deliver', id, destination, insecure);
  }

  serve(request: ServiceRequest): Promise<Run> {
    return this._note(makeRun({ kind: 'service', id: 's1' }), 'serve', request);
  }

  serviceApi(id: string): Promise<ServiceApi> {
    return this._note({ ready: false, description: '', request: {}, schemas: {} }, 'serviceApi', id);
  }

  call(id: string, body: Json): Promise<ServiceAnswer> {
    return this._note({ status: 200, seconds: 0, body: 'null', cut: 0 }, 'call', id, body);
  }

  cancel(id: string): Promise<void> {
    return this._note<void>(undefined, 'cancel', id);
  }

  remove(id: string, image: boolean): Promise<number> {
    return this._note(image ? this.freed : 0, 'remove', id, image);
  }

  drift(id: string): Promise<Drift> {
    return this._note(this.drifts[id] ?? { notebook: 'same', packages: [], image: 'same' }, 'drift', id);
  }

  archiveUrl(id: string): string {
    return `/archive/${id}`;
  }

  logUrl(id: string): string {
    return `/log/${id}`;
  }

  private _note<T>(answer: T, ...call: unknown[]): Promise<T> {
    this.asked.push(call);
    return this.refusal ? Promise.reject(new RequestFailed(this.refusal, 409)) : Promise.resolve(answer);
  }
}
