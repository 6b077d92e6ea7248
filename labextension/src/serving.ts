/** What runs of what a build made: its newest push, its newest service. */
import { IMlpack, Run, RunKind } from './tokens';
import { IService } from './views/service';

/** The newest push, or the newest service, of what this build made. */
export function newestOf(model: IMlpack, build: Run, kind: RunKind): Run | null {
  const made = (run: Run): boolean => run.kind === kind && run.image === build.image && run.digest === build.digest;
  return (build.state === 'succeeded' && model.runs.find(made)) || null;
}

/** A service with all that its card asks for. */
export function serviceOf(model: IMlpack, run: Run, attempt: (work: Promise<unknown>) => void): IService {
  return {
    run,
    fold: model.fold(run.id),
    logHref: model.logUrl(run.id),
    onApi: () => model.serviceApi(run.id),
    onCall: (body, fn) => model.call(run.id, body, fn),
    onStop: () => attempt(model.cancel(run.id))
  };
}
