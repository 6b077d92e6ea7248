/** Tells a user who looks elsewhere how a run is getting on and how it ended. Never the only place of a result. */
import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { isOver } from './fold';
import { ISettings } from './settings';
import { IMlpack, Run } from './tokens';
import { phaseWord } from './words';

export interface INoticesOptions {
  model: IMlpack;
  settings: ISettings;
  trans: TranslationBundle;
  /** Whether the user looks at the run already. */
  sees(run: Run): boolean;
  /** Bring the run to the front. */
  show(run: Run): void;
}

/** What was told of a run: the notification's id and its last words. */
interface ITold {
  id: string;
  message: string;
}

const LINE = 140; // characters of a message that a notification shows

export class Notices implements IDisposable {
  constructor(private _options: INoticesOptions) {
    _options.model.changed.connect(this._onChanged, this);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._options.model.changed.disconnect(this._onChanged, this);
  }

  private _onChanged(): void {
    this._tellMismatch();
    const { runs, status } = this._options.model;
    for (const run of runs) {
      if (run.user !== status?.user) {
        continue;
      }
      if (!isOver(run.state)) {
        this._followed.add(run.id);
        this._tellProgress(run);
      } else if (this._followed.delete(run.id)) {
        this._tellEnd(run);
      }
    }
  }

  private _tellProgress(run: Run): void {
    const { settings, sees } = this._options;
    const told = this._told.get(run.id);
    if (sees(run)) {
      this._dismiss(run);
      return;
    }
    const message = this._progress(run);
    if (settings.notify !== 'always' || told?.message === message) {
      return;
    }
    // In the notification centre only: on the screen it would lie over the panel of another notebook for minutes.
    const options = { autoClose: 0, actions: [this._action(run, false)] };
    if (!told) {
      this._told.set(run.id, { id: Notification.emit(message, 'in-progress', options), message });
    } else {
      // Does nothing if the user has closed it.
      Notification.update({ id: told.id, message, ...options });
      this._told.set(run.id, { id: told.id, message });
    }
  }

  private _tellEnd(run: Run): void {
    const { settings, sees } = this._options;
    const told = this._told.get(run.id);
    this._told.delete(run.id);
    if (settings.notify === 'never' || sees(run) || run.state === 'cancelled') {
      if (told) {
        Notification.dismiss(told.id);
      }
      return;
    }
    const failed = run.state === 'failed';
    const message = cut(failed ? this._failure(run) : this._success(run));
    const type = failed ? 'error' : 'success';
    const options = { autoClose: failed ? 10_000 : 5000, actions: [this._action(run, failed)] };
    if (!(told && Notification.update({ id: told.id, message, type, ...options }))) {
      Notification.emit(message, type, options);
    }
  }

  /** Front end and server of different releases: once a page. */
  private _tellMismatch(): void {
    const problem = this._options.model.mismatch;
    if (problem && !this._toldMismatch) {
      this._toldMismatch = true;
      Notification.warning(cut(`${problem.message} ${problem.hint}`), { autoClose: false });
    }
  }

  private _dismiss(run: Run): void {
    const told = this._told.get(run.id);
    if (told) {
      Notification.dismiss(told.id);
      this._told.delete(run.id);
    }
  }

  private _action(run: Run, failed: boolean): Notification.IAction {
    const { show, trans } = this._options;
    return {
      label: failed ? trans.__('See why') : trans.__('Show'),
      displayType: 'accent',
      callback: () => show(run)
    };
  }

  private _progress(run: Run): string {
    const { trans } = this._options;
    const name = nameOf(run);
    if (run.state === 'queued') {
      return cut(trans.__('%1 waits for its turn (place %2)', name, run.position));
    }
    switch (run.kind) {
      case 'build':
        return cut(
          run.phase
            ? trans.__('Building %1: %2', name, phaseWord(run.phase, trans).label)
            : trans.__('Building %1', name)
        );
      case 'job':
        return cut(trans.__('Training %1', name));
      case 'delivery':
        return cut(trans.__('Pushing %1 to %2', run.image, run.destination));
      case 'service':
        return cut(trans.__('Serving %1', run.image));
    }
  }

  private _success(run: Run): string {
    const { trans } = this._options;
    switch (run.kind) {
      case 'build':
        return trans.__('%1 is ready to run', run.image || nameOf(run));
      case 'job':
        return trans.__('The training of %1 is done', nameOf(run));
      case 'delivery':
        return trans.__('%1 is at %2', run.image, run.destination);
      case 'service':
        return trans.__('The service of %1 has ended', run.image);
    }
  }

  private _failure(run: Run): string {
    const { trans } = this._options;
    switch (run.kind) {
      case 'build':
        return trans.__('%1 could not be built. %2', nameOf(run), run.failure);
      case 'job':
        return trans.__('The training of %1 failed. %2', nameOf(run), run.failure);
      case 'delivery':
        return trans.__('%1 was not pushed. %2', run.image, run.failure);
      case 'service':
        return trans.__('The service of %1 failed. %2', run.image, run.failure);
    }
  }

  private _followed = new Set<string>();
  private _told = new Map<string, ITold>();
  private _toldMismatch = false;
  private _disposed = false;
}

/** What a user calls the run: the notebook's file name, or the image. */
export function nameOf(run: Run): string {
  return run.path.split('/').pop() || run.image;
}

function cut(message: string): string {
  const text = message.trim();
  return text.length <= LINE ? text : `${text.slice(0, LINE - 1)}…`;
}
