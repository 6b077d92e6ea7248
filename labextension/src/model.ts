/** The state of the extension, one for all views: a copy of the server's, so that a second tab and a reload agree. */
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { Clock } from './clock';
import { Drafts } from './drafts';
import { INotebookChange, INotebooks } from './notebooks';
import { differing, isGone, isUnknown, problemOf, RequestFailed, unknownRun } from './problems';
import { Service } from './service';
import { Choices, Draft, Drift, IMlpack, JobRequest, Json, Problem, Run, RunFold } from './tokens';
import { ServiceAnswer, ServiceApi, ServiceRequest, Status } from './tokens';
import { IVisibility, PageVisibility } from './visibility';
import { EventMessage, Watch } from './watch';

/** What the model is made of: all of it handed in, so that tests hand in their own. */
export interface IOptions {
  serverSettings: ServerConnection.ISettings;
  trans: TranslationBundle;
  /** `serviceManager.events.stream`, or null where there is none. */
  events: ISignal<unknown, EventMessage> | null;
  notebooks: INotebooks;
  /** The version of the front end, to compare with the server's; null leaves it out. */
  version: string | null;
  /** The model disposes of it. */
  visibility: IVisibility;
}

/** Milliseconds before a server that did not know its engines yet is asked for them again. */
export const AGAIN = 5000;

export class MlpackModel implements IMlpack {
  constructor(options: IOptions) {
    this._trans = options.trans;
    this._version = options.version;
    this._visibility = options.visibility;
    this._service = new Service(options.serverSettings, options.trans, this._clock);
    this._watch = new Watch(this._service, options.events, options.visibility, this._tell);
    this._drafts = new Drafts(this._service, options.notebooks, options.trans, this._newest, this._tell);
    this._service.changed.connect(this._onReach, this);
    options.notebooks.changed.connect(this._onNotebook, this);
    this._visibility.changed.connect(this._onVisibility, this);
    this.ready = this.refresh().finally(() => (this._asked = true));
  }

  /** Settles when the first answers are there (or failed to be). */
  readonly ready: Promise<void>;

  get changed(): ISignal<IMlpack, void> {
    return this._changed;
  }

  get status(): Status | null {
    return this._status;
  }

  get problem(): Problem | null {
    return this._service.problem ?? this._refused;
  }

  get mismatch(): Problem | null {
    return this._mismatch;
  }

  get runs(): readonly Run[] {
    return this._watch.runs.list;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._again);
      this._watch.dispose();
      this._drafts.dispose();
      this._visibility.dispose();
      Signal.clearData(this);
    }
  }

  run(id: string): Run | null {
    return this._watch.runs.get(id);
  }

  now(): number {
    return this._clock.now();
  }

  follow(id: string): IDisposable {
    return this._watch.follow(id);
  }

  fold(id: string): RunFold {
    return this._watch.followers.fold(id);
  }

  draft(path: string): Draft {
    return this._drafts.get(local(path));
  }

  inspect(path: string): Promise<void> {
    return this._drafts.inspect(local(path));
  }

  choose(path: string, choices: Choices): void {
    this._drafts.choose(local(path), choices);
  }

  keep(path: string): Promise<void> {
    return this._drafts.keep(local(path));
  }

  async refresh(): Promise<void> {
    try {
      const [status] = await Promise.all([this._service.status(), this._watch.read()]);
      this._status = status;
      this._refused = null;
      this._compare(status.version);
      this._askAgain(status);
    } catch (error) {
      const problem = problemOf(error, this._trans);
      this._refused = isGone(problem) ? null : problem;
    }
    this._tell();
  }

  build(path: string): Promise<Run | null> {
    return this._drafts.build(local(path), async (notebook, choices) => {
      try {
        return this._took(await this._service.build(notebook, choices));
      } catch (error) {
        // Perhaps because of a build that this page does not know yet.
        void this._watch.read().catch(() => undefined);
        throw error;
      }
    });
  }

  async train(job: JobRequest): Promise<Run> {
    return this._took(await this._service.train({ ...job, path: local(job.path) }));
  }

  async deliver(id: string, destination: string, insecure: boolean): Promise<Run> {
    return this._took(await this._service.deliver(id, destination, insecure));
  }

  async serve(service: ServiceRequest): Promise<Run> {
    return this._took(await this._service.serve(service));
  }

  serviceApi(id: string): Promise<ServiceApi> {
    return this._service.serviceApi(id);
  }

  call(id: string, body: Json, fn?: string): Promise<ServiceAnswer> {
    return this._service.call(id, body, fn);
  }

  async cancel(id: string): Promise<void> {
    this._took(await this._lose(id, this._service.cancel(this._known(id))));
  }

  async remove(id: string, image: boolean): Promise<number> {
    const freed = await this._lose(id, this._service.remove(this._known(id), image));
    this._watch.forget(id);
    return freed;
  }

  drift(id: string): Promise<Drift> {
    return this._lose(id, this._service.drift(id));
  }

  archiveUrl(id: string): string {
    return this._service.archiveUrl(id);
  }

  logUrl(id: string): string {
    return this._service.logUrl(this.run(id) ?? { kind: 'build', id });
  }

  private _took(run: Run): Run {
    this._watch.take(run);
    return run;
  }

  /** Let a run go of which the server does not know any more: it was removed where this page did not hear of it. */
  private async _lose<T>(id: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (isUnknown(error)) {
        this._watch.forget(id);
      }
      throw error;
    }
  }

  private _known(id: string): Run {
    const run = this.run(id);
    if (!run) {
      throw new RequestFailed(unknownRun(this._trans), 404);
    }
    return run;
  }

  /** A server that is busy answers before it knows its engines: they are asked for again a moment later. */
  private _askAgain(status: Status): void {
    window.clearTimeout(this._again);
    if (status.engines.length === 0 && !this._visibility.hidden && !this._isDisposed) {
      this._again = window.setTimeout(() => void this.refresh(), AGAIN);
    }
  }

  private _newest = (path: string): string | null =>
    this.runs.find(run => run.kind === 'build' && run.path === path)?.id ?? null;

  private _compare(version: string): void {
    const same = this._version === null || release(this._version) === release(version);
    this._mismatch = same ? null : differing(this._trans, this._version ?? '', version);
  }

  private _onNotebook = (_: unknown, { path, was }: INotebookChange): void =>
    was === null ? this._drafts.age(local(path)) : this._drafts.rename(local(was), local(path));

  /** What happened while nobody looked was not asked for: do it now. */
  private _onVisibility = (): void => {
    if (this._visibility.hidden) {
      this._watch.settle();
    } else {
      void this.refresh();
    }
  };

  /** A server that was not there at the start is asked who it is when it comes. The watch tells of the change. */
  private _onReach = (): void => {
    if (this._service.problem === null && this._status === null && this._asked) {
      void this.refresh();
    }
  };

  private _tell = (): void => {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  };

  private readonly _trans: TranslationBundle;
  private readonly _version: string | null;
  private readonly _visibility: IVisibility;
  private readonly _clock = new Clock();
  private readonly _service: Service;
  private readonly _watch: Watch;
  private readonly _drafts: Drafts;
  private _status: Status | null = null;
  private _refused: Problem | null = null;
  private _mismatch: Problem | null = null;
  private _asked = false;
  private _again = 0;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}

/** The model of an application, in the browser's page. */
export function makeModel(options: Omit<IOptions, 'visibility'>): MlpackModel {
  const visibility = new PageVisibility(document);
  return new MlpackModel({ ...options, visibility });
}

/** A contents path as the server knows it: shared documents have a drive of their own in the page. */
function local(path: string): string {
  return path.startsWith('RTC:') ? path.slice('RTC:'.length) : path;
}

/** The release of a version, written as Python (`0.2.0.dev1`) or as npm does (`0.2.0-dev.1`). */
function release(version: string): string {
  return version.split(/[^0-9]+/, 3).join('.');
}
