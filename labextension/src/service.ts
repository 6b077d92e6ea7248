/**
 * The server half's REST nouns as functions: the only file that sends requests. Whatever goes wrong is raised as
 * `RequestFailed` with a `Problem` in words.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import { Clock } from './clock';
import { isGone, missing, refused, RequestFailed, strange, unreachable } from './problems';
import { Choices, Drift, Entries, Inspected, JobRequest, Json, Plan, Problem, Run, RunKind } from './tokens';
import { ServiceAnswer, ServiceApi, ServiceRequest, Status } from './tokens';

/** Milliseconds after which a request for what the server has at hand is given up, so that nobody waits for ever. */
const PATIENCE = 30_000;

/** A run as far as its address needs it. */
export type RunKey = { kind: RunKind; id: string };

export class Service {
  constructor(
    private _settings: ServerConnection.ISettings,
    private _trans: TranslationBundle,
    readonly clock: Clock
  ) {}

  /** Why no request would work now; null when the last one got its answer. */
  get problem(): Problem | null {
    return this._problem;
  }

  /** Emitted when `problem` changed. */
  get changed(): ISignal<Service, void> {
    return this._changed;
  }

  status(): Promise<Status> {
    return this._get<Status>('status');
  }

  async runs(): Promise<Run[]> {
    return (await this._get<{ runs: Run[] }>('runs')).runs;
  }

  run(key: RunKey): Promise<Run> {
    return this._get<Run>(address(key));
  }

  /** A page of the events after number `after`. */
  entries(key: RunKey, after: number): Promise<Entries> {
    return this._get<Entries>(`${address(key)}/events?after=${after}`);
  }

  drift(id: string): Promise<Drift> {
    return this._get<Drift>(`builds/${id}/drift`);
  }

  inspect(path: string, choices: Choices, signal: AbortSignal): Promise<Inspected> {
    return this._post<Inspected>('inspections', { path, choices }, signal);
  }

  plan(path: string, choices: Choices, signal: AbortSignal): Promise<Plan> {
    return this._post<Plan>('plans', { path, choices }, signal);
  }

  build(path: string, choices: Choices): Promise<Run> {
    return this._post<Run>('builds', { path, choices });
  }

  train(job: JobRequest): Promise<Run> {
    return this._post<Run>('jobs', job);
  }

  deliver(build: string, destination: string, insecure: boolean): Promise<Run> {
    return this._post<Run>('deliveries', { build, destination, insecure });
  }

  serve(service: ServiceRequest): Promise<Run> {
    return this._post<Run>('services', service);
  }

  serviceApi(id: string): Promise<ServiceApi> {
    return this._get<ServiceApi>(`services/${encodeURIComponent(id)}/api`);
  }

  call(id: string, body: Json, fn = ''): Promise<ServiceAnswer> {
    return this._post<ServiceAnswer>(`services/${encodeURIComponent(id)}/calls`, { body, function: fn });
  }

  /** Ask a run to end: what it is now. One that has ended meanwhile stays as it is. */
  cancel(key: RunKey): Promise<Run> {
    return this._ask<Run>(`${address(key)}?cancel=1`, { method: 'DELETE' });
  }

  /** Forget a run that has ended, with `image` its image too: the bytes of disk that this freed. */
  async remove(key: RunKey, image: boolean): Promise<number> {
    const query = image ? '?image=1' : '';
    return (await this._ask<{ freed: number }>(address(key) + query, { method: 'DELETE' })).freed;
  }

  archiveUrl(id: string): string {
    return this._url(`builds/${id}/archive`);
  }

  logUrl(key: RunKey): string {
    return this._url(`${address(key)}/log`);
  }

  private async _get<T>(path: string): Promise<T> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    try {
      return await this._ask<T>(path, { signal: patience.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  private _post<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
    return this._ask<T>(path, { method: 'POST', body: JSON.stringify(body), signal });
  }

  private async _ask<T>(path: string, init: RequestInit): Promise<T> {
    try {
      const answer = await this._answer<T>(path, init);
      this._reach(null);
      return answer;
    } catch (error) {
      const failure = this._failure(error, init);
      // Somebody who gave up waiting has not learnt whether the server can be asked.
      if (!(init.signal?.aborted && init.method)) {
        this._reach(isGone(failure.problem) ? failure.problem : null);
      }
      throw failure;
    }
  }

  private async _answer<T>(path: string, init: RequestInit): Promise<T> {
    const sent = this.clock.local();
    const response = await ServerConnection.makeRequest(this._url(path), init, this._settings);
    this.clock.observe(response.headers.get('Date'), sent);
    const body = parsed(await response.text());
    if (response.ok && body !== undefined) {
      return body as T;
    }
    throw new RequestFailed(this._explain(response, body, path), response.status);
  }

  private _failure(error: unknown, init: RequestInit): RequestFailed {
    if (error instanceof RequestFailed) {
      return error;
    }
    const late = this._trans.__('It took too long.');
    const why = init.signal?.aborted ? late : error instanceof Error ? error.message : String(error);
    return new RequestFailed(unreachable(this._trans, why));
  }

  private _reach(problem: Problem | null): void {
    if (problem?.code !== this._problem?.code) {
      this._problem = problem;
      this._changed.emit();
    }
  }

  private _explain(response: Response, body: unknown, path: string): Problem {
    const { status } = response;
    if (isProblem(body)) {
      return { ...EMPTY, ...body };
    }
    const why = messageOf(body) || response.statusText;
    if (status === 401 || status === 403) {
      return refused(this._trans, status, why);
    }
    if (status === 404) {
      return missing(this._trans, path);
    }
    // What proxies say for a server that is not there; 424 is JupyterHub's word for one that was stopped.
    if ((status >= 502 && status <= 504) || status === 424) {
      return unreachable(this._trans, why);
    }
    // A page to sign in, to which the request was led.
    return response.redirected ? refused(this._trans, 401, why) : strange(this._trans, status, why);
  }

  private _url(path: string): string {
    return URLExt.join(this._settings.baseUrl, 'jupyter-mlpack', path);
  }

  private _problem: Problem | null = null;
  private _changed = new Signal<this, void>(this);
}

const EMPTY = { where: '', why: '', hint: '' };
const NOUNS = { build: 'builds', job: 'jobs', delivery: 'deliveries', service: 'services' };

function address({ kind, id }: RunKey): string {
  return `${NOUNS[kind]}/${encodeURIComponent(id)}`;
}

/** A text's JSON, undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is Pick<Problem, 'code' | 'message'> {
  const problem = body as Partial<Problem> | null | undefined;
  return typeof problem?.code === 'string' && typeof problem.message === 'string';
}

/** What the Jupyter server itself says of a failure. */
function messageOf(body: unknown): string {
  const message = (body as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : '';
}
