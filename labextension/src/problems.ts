/** Why a request did not work, in words for people, whoever finds it out: the server, the network, or this page. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Problem } from './tokens';

/** The one error that requests raise; `problem` is what to show. */
export class RequestFailed extends Error {
  constructor(
    readonly problem: Problem,
    /** HTTP status, 0 when there was no answer. */
    readonly status = 0
  ) {
    super(problem.message);
    this.name = 'RequestFailed';
  }
}

/** The problem to show for whatever was raised. */
export function problemOf(error: unknown, trans: TranslationBundle): Problem {
  if (error instanceof RequestFailed) {
    return error.problem;
  }
  return {
    code: 'page-failed',
    message: trans.__('This page could not finish what it was doing.'),
    where: '',
    why: error instanceof Error ? error.message : String(error),
    hint: trans.__('Reload the page; what runs on the server goes on.')
  };
}
