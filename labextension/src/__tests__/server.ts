/**
 * The server half in memory, as an ordinary implementation of its REST contract and of its events bus: for tests of
 * the model and of views. What it would take from notebooks and builds, a test puts in: `add`, `emit`, `plan` ...
 */
import { ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { isOver } from '../fold';
import { Changed, Choices, Drift, Entry, Event, Inspection, Json, Plan, Problem, Run, RunKind } from '../tokens';
import { RunState, SCHEMA_ID, ServiceApi, Status } from '../tokens';
import { value } from './contract';

/** Events of a page. */
const PAGE = 500;
export const BASE_URL = 'http://localhost:8888/user/x%40y/';

export interface IRequest {
  method: string;
  /** Below `jupyter-mlpack/`. */
  path: string;
  query: URLSearchParams;
  body: { [name: string]: Json };
}

interface IAnswer {
  status: number;
  /** JSON, or text when it is a string. */
  body: object | string;
}

/** What happens to a request before it is answered: a pause, another answer, or none. */
type Rule = (request: IRequest) => Promise<IAnswer | void> | IAnswer | void;

export class TestServer {
  /** The bus, as the page sees it. */
  get events(): ISignal<this, Changed & { schema_id: string }> {
    return this._events;
  }

  /** For `ServerConnection`: requests end here. */
  readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings({
    baseUrl: BASE_URL,
    wsUrl: 'ws://localhost:8888',
    appUrl: '/lab',
    token: 'secret',
    fetch: (input: RequestInfo | URL) => this._fetch(input as Request)
  });

  /** Every request so far, as `GET builds/b1`. */
  readonly requests: string[] = [];
  /** Most requests of one run that were under way at the same time. */
  mostAtOnce = 0;
  /** No hints are sent while this is set: the socket is gone. */
  silent = false;
  /** Seconds that the server's clock is ahead of this machine's. */
  ahead = 0;
  version = '0.1.0';
  inspection: Inspection = value<Inspection>('Inspection');
  /** The notebook's `mlpack` metadata, by path. */
  saved: { [path: string]: Choices } = {};
  drift: Drift = { notebook: 'same', packages: [], image: 'same' };
  status: Status = {
    version: '0.1.0',
    user: 'ada',
    builds: { limit: 2, running: 0, queued: 0 },
    jobs: { limit: 1, running: 0, queued: 0 },
    services: { limit: 1, running: 0, queued: 0 },
    engines: [{ name: 'process', available: true, why: '' }],
    purposes: [
      { name: 'training', available: true, why: '' },
      { name: 'inference', available: false, why: 'No model is saved by the notebook.' }
    ],
    accelerators: [{ name: 'cpu', kind: 'cpu', words: 'a CPU', note: '' }],
    stacks: [{ name: 'bookworm', words: 'Debian 12, Python 3.11' }],
    platforms: ['linux/amd64', 'linux/arm64'],
    targets: []
  };

  /** What services say that they take. */
  api: ServiceApi = { ready: true, description: '', request: {}, schemas: {} };

  /** The plan that a request gets. */
  plan = (_path: string, choices: Choices): Plan => ({
    ...value<Plan>('Plan'),
    name: choices.name ?? 'churn:training'
  });

  /** Called first for each request; what it returns is the answer. */
  rule: Rule = () => undefined;

  /** A run that is there already. */
  add(part: Partial<Run> = {}): Run {
    const run = { ...emptyRun(`r${this._runs.size + 1}`, this._now()), ...part };
    this._runs.set(run.id, run);
    this._entries.set(run.id, []);
    return run;
  }

  /** Events happen in a run; one hint for all of them. */
  emit(id: string, ...events: Event[]): void {
    for (const event of events) {
      this._append(id, event);
    }
    this.hint(id);
  }

  /** Change a run's record without an event. */
  change(id: string, part: Partial<Run>): Run {
    const run = { ...this.run(id), ...part };
    this._runs.set(id, run);
    return run;
  }

  /** A run comes to its end, in the words of the wire. */
  end(id: string, state: RunState, ...events: Event[]): void {
    for (const event of events) {
      this._append(id, event);
    }
    this._append(id, { event: 'JobChanged', state, exit_status: null });
    this.hint(id);
  }

  /** Tell the bus that a run has news: as it is now, or as `part` says (an old hint, one of a run long gone). */
  hint(id: string, part: Partial<Changed> = {}): void {
    const run = this._runs.get(id) ?? emptyRun(id, 0);
    const { kind, seq, state } = run;
    if (!this.silent) {
      this._events.emit({ schema_id: SCHEMA_ID, kind, id, seq, state, ...part });
    }
  }

  run(id: string): Run {
    const run = this._runs.get(id);
    if (!run) {
      throw new Error(`no run ${id}`);
    }
    return run;
  }

  has(id: string): boolean {
    return this._runs.has(id);
  }

  entries(id: string): readonly Entry[] {
    return this._entries.get(id) ?? [];
  }

  private _append(id: string, event: Event): void {
    const entries = this._entries.get(id) ?? [];
    const at = this._now();
    entries.push({ seq: entries.length + 1, at, event });
    const run = { ...this.run(id), seq: entries.length };
    if (event.event === 'JobChanged') {
      run.state = event.state;
      run.started = run.started ?? (event.state === 'running' ? at : null);
      run.ended = isOver(event.state) ? at : null;
      run.cancelling = run.cancelling && !isOver(event.state);
    } else if (event.event === 'PhaseStarted') {
      run.phase = event.phase;
    } else if (event.event === 'Failed') {
      run.failure = event.what;
    } else if (event.event === 'BuildSucceeded') {
      const { reference, digest, size } = event.image;
      Object.assign(run, { image: reference, digest, size });
    }
    this._runs.set(id, run);
  }

  private async _fetch(request: Request): Promise<Response> {
    const { method } = request;
    const { pathname, searchParams } = new URL(request.url);
    const path = pathname.replace(`${new URL(BASE_URL).pathname}jupyter-mlpack/`, '');
    this.requests.push(`${method} ${path}`);
    const id = path.split('/')[1] ?? '';
    const going = (this._going.get(id) ?? 0) + 1;
    this._going.set(id, going);
    this.mostAtOnce = Math.max(this.mostAtOnce, id === '' ? 0 : going);
    try {
      const body = JSON.parse((await request.text()) || '{}') as IRequest['body'];
      const asked: IRequest = { method, path, query: searchParams, body };
      return this._respond((await this.rule(asked)) ?? this._answer(asked));
    } finally {
      this._going.set(id, (this._going.get(id) ?? 1) - 1);
    }
  }

  private _respond({ status, body }: IAnswer): Response {
    const headers = { Date: new Date(this._now() * 1000).toUTCString() };
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });
  }

  private _answer(request: IRequest): IAnswer {
    const [noun, id, part] = request.path.split('/');
    if (id === undefined) {
      return this._answerNoun(noun, request);
    }
    const run = this._runs.get(id);
    if (!run) {
      return problem(404, 'run-unknown', 'There is no such run.');
    }
    switch (part) {
      case 'events':
        return ok(this._page(id, Number(request.query.get('after'))));
      case 'drift':
        return ok(this.drift);
      case 'api':
        return ok(this.api);
      case 'calls':
        return ok({ status: 200, seconds: 0.01, body: JSON.stringify(request.body.body), cut: 0 });
      case undefined:
        return request.method === 'DELETE' ? this._delete(run, request) : ok(run);
      default:
        return problem(404, 'address-unknown', 'There is no such address.');
    }
  }

  private _answerNoun(noun: string, { method, body }: IRequest): IAnswer {
    const path = named(body.path);
    const choices = (body.choices ?? {}) as Choices;
    switch (`${method} ${noun}`) {
      case 'GET status':
        return ok({ ...this.status, version: this.version });
      case 'GET runs':
        return ok({ runs: [...this._runs.values()].reverse() });
      case 'POST inspections':
        return ok({ path, choices: this.saved[path] ?? {}, inspection: { ...this.inspection, notebook: path } });
      case 'POST plans':
        return ok(this.plan(path, choices));
      case 'POST builds':
        return this._start({ kind: 'build', path, choices, image: choices.name ?? '' });
      case 'POST jobs':
        return this._start({ ...pick(body), kind: 'job', path });
      case 'POST deliveries':
        return this._start({ kind: 'delivery', destination: named(body.destination) });
      case 'POST services':
        return this._start({ kind: 'service', address: 'http://127.0.0.1:4000' });
      default:
        return { status: 404, body: '<html>404</html>' };
    }
  }

  private _start(part: Partial<Run> & { kind: RunKind }): IAnswer {
    const run = this.add({ ...part, position: 1 });
    this._append(run.id, { event: 'JobChanged', state: 'queued', exit_status: null });
    this.hint(run.id);
    return { status: 201, body: this.run(run.id) };
  }

  private _delete(run: Run, { query }: IRequest): IAnswer {
    if (!isOver(run.state)) {
      return { status: 202, body: this.change(run.id, { cancelling: true }) };
    }
    if (query.has('cancel')) {
      return ok(run);
    }
    this._runs.delete(run.id);
    this.hint(run.id, { seq: run.seq + 1, kind: run.kind, state: run.state });
    return ok({ freed: query.has('image') ? run.size : 0 });
  }

  private _page(id: string, after: number): object {
    const entries = this.entries(id).filter(entry => entry.seq > after);
    return { entries: entries.slice(0, PAGE), more: entries.length > PAGE };
  }

  private _now(): number {
    return Date.now() / 1000 + this.ahead;
  }

  private _runs = new Map<string, Run>();
  private _entries = new Map<string, Entry[]>();
  private _going = new Map<string, number>();
  private _events = new Signal<this, Changed & { schema_id: string }>(this);
}

/** A build that was asked for just now. */
export function emptyRun(id: string, created: number): Run {
  return {
    kind: 'build',
    id,
    state: 'queued',
    path: 'churn.ipynb',
    image: '',
    digest: '',
    size: 0,
    user: 'ada',
    created,
    started: null,
    ended: null,
    position: 0,
    cancelling: false,
    seq: 0,
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
    purpose: ''
  };
}

/** A refusal in the server's words. */
export function problem(status: number, code: string, message: string): IAnswer & { body: Problem } {
  return { status, body: { code, message, where: 'here', why: 'because', hint: 'Do something else.' } };
}

function ok(body: object): IAnswer {
  return { status: 200, body };
}

/** The fields of a job's request that its run shows. Secrets are not among them. */
function pick(body: IRequest['body']): Partial<Run> {
  const { image, parameters, engine, target } = body;
  const where = { engine: named(engine), target: named(target) };
  return { image: named(image), parameters: parameters as Run['parameters'], ...where };
}

/** A text of a request; empty when it is none. */
function named(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
