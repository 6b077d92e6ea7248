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

/** Code of the problem that mends itself: the server is looked for. */
export const UNREACHABLE = 'server-unreachable';

/** Code, here and on the server, for a run that is not in the list. */
export const UNKNOWN = 'run-unknown';

/** Codes of problems that any request would have now: the server half as a whole cannot be asked. */
const GONE = new Set(['server-missing', UNREACHABLE, 'signed-out']);

/** Whether not this request is at fault but the way to the server. */
export function isGone(problem: Problem): boolean {
  return GONE.has(problem.code);
}

/** Whether the server says that there is no such run (any more). */
export function isUnknown(error: unknown): boolean {
  return error instanceof RequestFailed && error.problem.code === UNKNOWN;
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

/** No answer came: the server stopped, the network is down, or it took too long. */
export function unreachable(trans: TranslationBundle, why: string): Problem {
  return {
    code: UNREACHABLE,
    message: trans.__('The Jupyter server does not answer.'),
    where: '',
    why,
    hint: trans.__('Check the connection and that the server still runs; nothing is lost, what runs there goes on.')
  };
}

/** The answer to a request without rights: 401, 403 or a page to sign in. */
export function refused(trans: TranslationBundle, status: number, why: string): Problem {
  if (status === 403) {
    return {
      code: 'forbidden',
      message: trans.__('The Jupyter server does not allow this.'),
      where: '',
      why,
      hint: trans.__('Reload the page to sign in again; if that does not help, ask who runs the server for the right.')
    };
  }
  return {
    code: 'signed-out',
    message: trans.__('You are signed out of the Jupyter server.'),
    where: '',
    why,
    hint: trans.__('Reload the page to sign in again; what runs on the server goes on.')
  };
}

/** The server knows none of our addresses. */
export function missing(trans: TranslationBundle, url: string): Problem {
  return {
    code: 'server-missing',
    message: trans.__('The server half of jupyter-mlpack is not there.'),
    where: '',
    why: trans.__('The server knows no address %1.', url),
    hint: trans.__('Install it where the server runs with "pip install jupyter-mlpack", then restart the server.')
  };
}

/** An answer that is not from the server half as we know it: a proxy's page, or a failure outside our handlers. */
export function strange(trans: TranslationBundle, status: number, why: string): Problem {
  return {
    code: 'answer-unreadable',
    message: trans.__('The server answered in a way that this page does not understand (HTTP status %1).', status),
    where: '',
    why,
    hint: trans.__("Try again; if it comes again, the server's log says more.")
  };
}

/** A run that is not, or no longer, in the list. */
export function unknownRun(trans: TranslationBundle): Problem {
  return {
    code: UNKNOWN,
    message: trans.__('This entry is not there any more.'),
    where: '',
    why: trans.__('It was removed, perhaps in another tab.'),
    hint: trans.__('Reload the list.')
  };
}

/** Front end and server are of different releases. */
export function differing(trans: TranslationBundle, ours: string, theirs: string): Problem {
  return {
    code: 'versions-differ',
    message: trans.__('This page and the server have different releases of jupyter-mlpack.'),
    where: '',
    why: trans.__('The page has %1, the server %2.', ours, theirs),
    hint: trans.__('Reload the page; if that does not help, restart the server.')
  };
}
