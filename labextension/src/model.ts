/** The state of the extension, one for all views. Skeleton: the shape is final, the server is not asked yet. */
import { ISignal, Signal } from '@lumino/signaling';
import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { Choices, Draft, Drift, IMlpack, JobRequest, Json, Problem, Run, RunFold, Status } from './tokens';
import { EMPTY } from './fold';
import { INotebooks } from './notebooks';

/** A message of the server's events bus. */
export type EventMessage = { readonly schema_id: string; readonly [name: string]: Json | undefined };

/** What the model is made of: all of it handed in, so that tests hand in their own. */
export interface IOptions {
  serverSettings: ServerConnection.ISettings;
  trans: TranslationBundle;
  /** `serviceManager.events.stream`, or null where there is none. */
  events: ISignal<unknown, EventMessage> | null;
  notebooks: INotebooks;
  /** The version of the front end, to compare with the server's; null leaves it out. */
  version: string | null;
}

export class MlpackModel implements IMlpack {
  constructor(options: IOptions) {
    this.ready = Promise.resolve();
    void options;
  }

  /** Settles when the first answers are there (or failed to be). */
  readonly ready: Promise<void>;
  readonly status: Status | null = null;
  readonly problem: Problem | null = null;
  readonly mismatch: Problem | null = null;
  readonly runs: readonly Run[] = [];
  isDisposed = false;

  get changed(): ISignal<IMlpack, void> {
    return this._changed;
  }

  dispose(): void {
    this.isDisposed = true;
    Signal.clearData(this);
  }

  run(id: string): Run | null {
    return this.runs.find(run => run.id === id) ?? null;
  }

  now(): number {
    return Date.now() / 1000;
  }

  follow(id: string): IDisposable {
    return new DisposableDelegate(() => void id);
  }

  fold(id: string): RunFold {
    void id;
    return EMPTY;
  }

  draft(path: string): Draft {
    const none = { inspection: null, plan: null, busy: null, problem: null, build: null };
    return { path, ...none, choices: {}, saved: {}, unsaved: false };
  }

  async inspect(path: string): Promise<void> {
    void path;
  }

  choose(path: string, choices: Choices): void {
    void [path, choices];
  }

  async keep(path: string): Promise<void> {
    void path;
  }

  async refresh(): Promise<void> {}

  async build(path: string): Promise<Run | null> {
    void path;
    return null;
  }

  async train(job: JobRequest): Promise<Run> {
    throw new Error(job.image);
  }

  async deliver(id: string, destination: string, insecure: boolean): Promise<Run> {
    throw new Error([id, destination, insecure].join(' '));
  }

  async cancel(id: string): Promise<void> {
    void id;
  }

  async remove(id: string, image: boolean): Promise<number> {
    void [id, image];
    return 0;
  }

  async drift(id: string): Promise<Drift> {
    void id;
    return { notebook: 'same', packages: [], image: 'same' };
  }

  archiveUrl(id: string): string {
    return id;
  }

  logUrl(id: string): string {
    return id;
  }

  private _changed = new Signal<this, void>(this);
}

/** The model of an application. */
export function makeModel(options: IOptions): MlpackModel {
  return new MlpackModel(options);
}
