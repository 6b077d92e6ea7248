/**
 * What the parts of the extension know of each other: the values of the wire as interfaces, the ids of the commands,
 * the token. Nothing in this file runs. Names are those of the server's JSON (snake case); `tests/contract/` holds one
 * sample of each, checked from both sides.
 */
import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal } from '@lumino/signaling';

// --- what an inspection found -------------------------------------------------------------------------------------

export interface Location {
  path: string;
  cell: number | null;
  line: number | null;
}

export interface Evidence {
  rule: string;
  location: Location;
  text: string;
}

export interface Notice {
  code: string;
  text: string;
  location: Location | null;
}

export interface Dependency {
  name: string;
  specifier: string;
  resolved_by: string;
  evidence: Evidence[];
  extras: string[];
  packaged: boolean;
}

export interface Unresolved {
  module: string;
  evidence: Evidence[];
  suggestion: string;
}

export interface Claim {
  source: string;
  says: string;
  evidence: Evidence;
}

export interface Conflict {
  subject: string;
  claims: Claim[];
}

export interface DeclaredHardware {
  class: string;
  vendor: string | null;
  model: string | null;
  count: number | null;
  memory: number | null;
  compute_capability: string | null;
  provider: string | null;
  evidence: Evidence[];
}

export interface NeededHardware {
  kind: string;
  optional: boolean;
  remote: boolean;
  evidence: Evidence[];
}

export interface Hardware {
  declared: DeclaredHardware;
  needed: NeededHardware;
  accelerator: string;
  reason: string;
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface NotebookParameter {
  name: string;
  default: Json;
  location: Location;
}

export interface LocalFile {
  path: string;
  size: number;
  evidence: Evidence[];
  kind: string;
}

export interface OutputFile {
  path: string;
  evidence: Evidence[];
}

export interface Secret {
  name: string;
  source: string;
  evidence: Evidence[];
}

export interface SystemPackage {
  name: string;
  evidence: Evidence[];
}

export interface Inspection {
  notebook: string;
  kernel: string | null;
  language: string;
  python: { version: string | null; source: string | null; requires: string };
  hardware: Hardware;
  dependencies: Dependency[];
  unresolved: Unresolved[];
  conflicts: Conflict[];
  system: SystemPackage[];
  parameters: NotebookParameter[];
  files: LocalFile[];
  outputs: OutputFile[];
  secrets: Secret[];
  notices: Notice[];
}

/**
 * What the user decided: exactly what may stand under `mlpack` in the notebook's metadata. Sent with a plan or a build
 * it counts for that one; saved in the notebook (only when the user asks) it counts for everybody.
 */
export interface Choices {
  /** PEP 508 lines that are needed, and beat what was found. */
  packages?: string[];
  /** Import name -> distribution. */
  modules?: { [module: string]: string };
  /** Imported names that the image may lack. */
  ignore?: string[];
  /** Distributions that the image shall not hold. */
  without?: string[];
  /** Packages of the distribution. */
  system?: string[];
  hardware?: { accelerator?: string; count?: number };
  purpose?: string;
  /** The function that answers requests. */
  predict?: string;
  /** The image's name. */
  name?: string;
  python?: string;
  /** Files all of whose packages are needed; these paths and the next two are in the notebook's folder, from there. */
  requirements?: string[];
  /** Groups and extras of these files that are needed, too. */
  groups?: string[];
  /** A conda environment to run in. */
  conda?: string;
  /** A model, or what a training left, for an inference image. */
  model?: string;
  /** `linux/arm64` */
  platform?: string;
  stack?: string;
  /** Data and models that lie elsewhere, or that are given when the image runs. */
  assets?: Asset[];
}

/** One of them: `path` is the one that the notebook reads; it comes `from` somewhere, or is a `mount`. */
export type Asset = {
  path: string;
  /** A path in the notebook's folder, an address (`https`, `s3`; these need `sha256`), or `dvc`. */
  from?: string;
  sha256?: string;
  mount?: boolean;
  /** Of a mount: whether a run refuses to begin without it; it does unless this is false. */
  required?: boolean;
};

/** What `POST inspections` answers: `choices` are those that the notebook keeps, not those that were sent. */
export interface Inspected {
  path: string;
  choices: Choices;
  inspection: Inspection;
}

// --- a plan: what would be built ----------------------------------------------------------------------------------

export interface PlannedPackage {
  name: string;
  version: string;
  /** Compressed bytes, 0 if unknown. */
  size: number;
  /** Whether its bytes are here already. */
  reused: boolean;
}

export interface Plan {
  name: string;
  purpose: string;
  stack: string;
  python: string;
  arch: string;
  accelerator: string;
  packages: PlannedPackage[];
  files: string[];
  system: string[];
  notices: Notice[];
  /** Compressed bytes of the whole image, as far as known; of these, the bytes that are in the store already. */
  size: number;
  reused: number;
  /** From the notebook's past builds or those of this server; null when there are none. */
  seconds: number | null;
  /** What an inference image holds of each code cell; empty for a training image. */
  cells: CellFate[];
}

/** What becomes of a code cell in an inference image. */
export interface CellFate {
  cell: number;
  /** `all`, `part` or `none`. */
  kept: string;
  why: string;
}

// --- events and what they fold to ---------------------------------------------------------------------------------

export interface ImageLayer {
  diff_id: string;
  digest: string;
  size: number;
  origin: string;
  reused: boolean;
}

export interface Image {
  reference: string;
  digest: string;
  id: string;
  size: number;
  layers: ImageLayer[];
  processes: { type: string; command: string[]; arguments: string[]; default: boolean }[];
  labels: [string, string][];
}

/** The one thing that mends a failure. `label` is the button's text, in the server's words. */
export interface Action {
  /** `retry` (with `choices` laid over those of the run), `open-cell`, `open-packages`, `open-log`. */
  kind: string;
  label: string;
  choices: Choices;
}

export interface PhaseStarted {
  event: 'PhaseStarted';
  phase: string;
}
export interface PhaseEnded {
  event: 'PhaseEnded';
  phase: string;
  summary: string;
}
export interface Progress {
  event: 'Progress';
  phase: string;
  what: string;
  done: number;
  total: number | null;
  unit: string;
}
export interface LogLines {
  event: 'LogLines';
  phase: string;
  lines: string[];
}
export interface Noticed {
  event: 'Noticed';
  notice: Notice;
}
export interface LayerExported {
  event: 'LayerExported';
  name: string;
  diff_id: string;
  size: number;
  reused: boolean;
}
export interface BuildSucceeded {
  event: 'BuildSucceeded';
  image: Image;
}
export interface Failed {
  event: 'Failed';
  code: string;
  what: string;
  where: string;
  why: string;
  hint: string;
  /** The cell that is to blame, where one is. */
  location: Location | null;
  action: Action;
}
export interface JobChanged {
  event: 'JobChanged';
  state: RunState;
  exit_status: number | null;
}
export interface CellStarted {
  event: 'CellStarted';
  index: number;
  total: number;
}
/** Values that the training printed or recorded; `step` counts from 1 for each name, or is the epoch it named. */
export interface MetricsRecorded {
  event: 'MetricsRecorded';
  values: [string, number][];
  step: number;
}

export type Event =
  | PhaseStarted
  | PhaseEnded
  | Progress
  | LogLines
  | Noticed
  | LayerExported
  | BuildSucceeded
  | Failed
  | JobChanged
  | CellStarted
  | MetricsRecorded;

/** An event as the ledger has it: numbered from 1, `at` in seconds since the epoch. */
export interface Entry {
  seq: number;
  at: number;
  event: Event;
}

/** One page of a run's events. `more` says that further ones are there already. */
export interface Entries {
  entries: Entry[];
  more: boolean;
}

// --- runs: builds, jobs, deliveries, services -------------------------------------------------------------------------------

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
export type RunKind = 'build' | 'job' | 'delivery' | 'service';

/** A build, a job, a delivery or a service as lists show it; its events have the rest. */
export interface Run {
  kind: RunKind;
  id: string;
  state: RunState;
  /** The notebook, as the contents manager names it; empty if it is not under this server's root. */
  path: string;
  /** Image name (for a build that has not planned yet: what was asked for, or empty). */
  image: string;
  digest: string;
  /** Compressed bytes of the image, 0 before it is there. */
  size: number;
  /** Who started it. */
  user: string;
  /** Seconds since the epoch; null where it has not happened. */
  created: number;
  started: number | null;
  ended: number | null;
  /** Place in the queue from 1, 0 when it is not waiting. */
  position: number;
  /** A cancel was asked for and the run has not ended yet. */
  cancelling: boolean;
  /** Number of the last event. */
  seq: number;
  phase: string;
  /** Seconds that it may take, from past runs; null when unknown. */
  expected: number | null;
  /** What was asked: for a build `choices`, for a job the rest. */
  choices: Choices;
  parameters: { [name: string]: Json };
  engine: string;
  /** The target of a job that runs elsewhere; empty for this machine. */
  target: string;
  /** What was asked of it. */
  resources: Resources;
  /** Job: folder of its outputs and the files in it, as the contents manager names them. */
  output: string;
  outputs: string[];
  /** Delivery: where to. */
  destination: string;
  /** Service: where it answers, on the server's machine. */
  address: string;
  /** The failure's first sentence, empty if there is none. */
  failure: string;
  /** Build: what its image is for (`training`, `inference`), once it is there; empty where nobody said. */
  purpose: string;
}

/** Whether the notebook or its packages changed since the image was built. */
export interface Drift {
  notebook: 'same' | 'changed' | 'missing';
  packages: { name: string; was: string; is: string }[];
  /** Whether the image's name still points at what this build made. */
  image: 'same' | 'replaced' | 'missing';
}

export interface Engine {
  name: string;
  available: boolean;
  why: string;
}

/** A row of the table of hardware: `words` say it as people do, `note` is what to know about it. */
export interface Accelerator {
  name: string;
  kind: string;
  words: string;
  note: string;
}

/** Where jobs can run beside this machine: `offer` says it in words, `why` why it cannot be used (empty if it can). */
export interface TargetOffer {
  name: string;
  engine: string;
  offer: string;
  /** Rows or kinds of the table of hardware; empty for all. */
  accelerators: string[];
  /** The most that one job gets: bytes of memory, seconds; zero for no limit, but of GPUs for none. */
  gpus: number;
  cpus: number;
  memory: number;
  seconds: number;
  nodes: number;
  why: string;
}

/** A system that images can stand on. */
export interface StackOffer {
  name: string;
  words: string;
}

/**
 * What a service that runs takes. JSON schemas; `schemas` are those that `request` refers to, and `Request-<name>` those of
 * further functions.
 */
export interface ServiceApi {
  ready: boolean;
  description: string;
  request: { [name: string]: Json };
  schemas: { [name: string]: Json };
}

/** What a service answered: the HTTP status, and the body as text, `cut` characters of it left out. */
export interface ServiceAnswer {
  status: number;
  seconds: number;
  body: string;
  cut: number;
}

export interface Status {
  version: string;
  user: string;
  builds: { limit: number; running: number; queued: number };
  jobs: { limit: number; running: number; queued: number };
  services: { limit: number; running: number; queued: number };
  engines: Engine[];
  purposes: Engine[];
  accelerators: Accelerator[];
  stacks: StackOffer[];
  platforms: string[];
  targets: TargetOffer[];
}

/** What the server says when a request is refused. */
export interface Problem {
  code: string;
  message: string;
  where: string;
  why: string;
  hint: string;
}

/** What the events bus carries: a hint that a run has news, never a fact to show. */
export interface Changed {
  kind: RunKind;
  id: string;
  seq: number;
  state: RunState;
}

// --- ids ----------------------------------------------------------------------------------------------------------

export namespace CommandIDs {
  export const containerize = 'mlpack:containerize';
  export const containerizeFile = 'mlpack:containerize-file';
  export const showPanel = 'mlpack:show-panel';
  export const openBuilds = 'mlpack:open-builds';
  export const openJobs = 'mlpack:open-jobs';
  export const cancel = 'mlpack:cancel';
}

export const SCHEMA_ID = 'urn:jupyter-mlpack:changed:v1';

// --- what the views read and call ---------------------------------------------------------------------------------

/** A phase of a run: `ended` is null while it goes on. Times in seconds since the epoch, the server's clock. */
export interface Phase {
  name: string;
  began: number;
  ended: number | null;
  summary: string;
}

/** Everything folded from a run's events (`fold.ts`); the server folds the same way. */
export interface RunFold {
  seq: number;
  phases: Phase[];
  progress: Progress | null;
  notices: Notice[];
  layers: LayerExported[];
  image: Image | null;
  failure: Failed | null;
  state: RunState;
  exit_status: number | null;
  cell: CellStarted | null;
  metrics: { [name: string]: { step: number; value: number }[] };
  /** The log's tail (`fold.LOG_LIMIT` lines); `cut` counts the lines before it, which only the server still has. */
  log: { phase: string; text: string }[];
  cut: number;
}

/** What the panel holds for one notebook before a build. */
export interface Draft {
  path: string;
  /** Null until the first answer; `busy` says what is being asked for. */
  inspection: Inspection | null;
  plan: Plan | null;
  busy: 'inspection' | 'plan' | 'build' | null;
  /** Why there is no inspection or no plan. */
  problem: Problem | null;
  /** What the user decided here, and what the notebook keeps; what counts is `{...saved, ...choices}`. */
  choices: Choices;
  saved: Choices;
  /** Whether `choices` differ from the notebook's `mlpack` metadata. */
  unsaved: boolean;
  /** The notebook was saved since it was inspected, or a build began: asking anew would tell more. */
  stale: boolean;
  /** The notebook's newest build (also one that runs), whoever started it. */
  build: string | null;
}

/** State of the extension: one for all views, a copy of the server's state and nothing more. No DOM, no fetch. */
export interface IMlpack extends IDisposable {
  readonly changed: ISignal<IMlpack, void>;
  readonly status: Status | null;
  /** Why the server half cannot be asked (not installed, too old, gone); null when it answers. */
  readonly problem: Problem | null;
  /** Front end and server are of different releases; to be told once, e.g. in a notification. */
  readonly mismatch: Problem | null;
  /** Newest first. */
  readonly runs: readonly Run[];
  run(id: string): Run | null;
  /** Server time now in seconds (the browser's clock may be wrong), for elapsed times. */
  now(): number;
  /** Follow a run's events until disposed; without this only `runs` is kept up to date. */
  follow(id: string): IDisposable;
  fold(id: string): RunFold;
  draft(path: string): Draft;
  /** Inspect (and plan) anew, e.g. after a save or a changed choice. Never raises: see `Draft.problem`. */
  inspect(path: string): Promise<void>;
  /**
   * Lay choices over those of the draft, key by key (a key that is `undefined` is forgotten: what the notebook keeps
   * counts again), then plan anew a moment later. `Draft.choices` changes at once.
   */
  choose(path: string, choices: Choices): void;
  /** "Keep in the notebook": write the draft's choices to the notebook's metadata. Rejects with `RequestFailed`. */
  keep(path: string): Promise<void>;
  /** Ask the server for everything again: the lists' Reload. Never rejects: see `problem`. */
  refresh(): Promise<void>;
  /** The new run, or null with the reason in `Draft.problem`. */
  build(path: string): Promise<Run | null>;
  /** From here on: rejects with `RequestFailed` of `problems.ts`, which has the `Problem` to show. */
  train(job: JobRequest): Promise<Run>;
  deliver(id: string, destination: string, insecure: boolean): Promise<Run>;
  /** Run a build's image as a service on the server's machine. */
  serve(service: ServiceRequest): Promise<Run>;
  /** What a running service takes, and one request to it. */
  serviceApi(id: string): Promise<ServiceApi>;
  call(id: string, body: Json, fn?: string): Promise<ServiceAnswer>;
  cancel(id: string): Promise<void>;
  /** Forget a run; with `image`, its image too. Bytes of disk that this freed. */
  remove(id: string, image: boolean): Promise<number>;
  drift(id: string): Promise<Drift>;
  /** Addresses for links: the archive for `docker load`, the whole log as text. */
  archiveUrl(id: string): string;
  logUrl(id: string): string;
}

/**
 * What starts a training. `image` is an image's name; `secrets` go into the job's environment and nowhere else. It runs on
 * this machine by `engine`, or on a `target`, which `resources` are asked of.
 */
export interface JobRequest {
  image: string;
  path: string;
  parameters: { [name: string]: Json };
  engine: string;
  secrets: { [name: string]: string };
  target?: string;
  resources?: Resources;
}

/** Bytes of memory, seconds at most. What is left out is as the image and the target have it. */
export type Resources = { gpus?: number; cpus?: number; memory?: number; seconds?: number; nodes?: number };

/** What starts a service. `build` is the build of its image; `secrets` go into its environment and nowhere else. */
export interface ServiceRequest {
  build: string;
  engine: string;
  secrets: { [name: string]: string };
}

export const IMlpack = new Token<IMlpack>('jupyter-mlpack:IMlpack', 'State of builds and jobs of notebooks.');
