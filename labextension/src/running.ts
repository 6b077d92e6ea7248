/** What builds, trains and pushes, in the panel of running kernels and terminals: each with Stop. */
import { IRunningSessions } from '@jupyterlab/running';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, stopIcon } from '@jupyterlab/ui-components';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { isOver } from './fold';
import { buildsIcon, jobsIcon } from './icons';
import { nameOf } from './notices';
import { IMlpack, Run } from './tokens';
import { phaseWord, stateWord } from './words';

export class RunningRuns implements IRunningSessions.IManager, IDisposable {
  constructor(
    private _model: IMlpack,
    private _show: (run: Run) => void,
    private _trans: TranslationBundle
  ) {
    this.name = _trans.__('Builds, Trainings and Services');
    this.shutdownLabel = _trans.__('Stop');
    this.shutdownAllLabel = _trans.__('Stop All');
    this.shutdownAllConfirmationText = _trans.__('Cancel all builds, trainings and services that run or wait?');
    this.shutdownItemIcon = stopIcon;
    _model.changed.connect(this._onChanged, this);
  }

  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly shutdownItemIcon: LabIcon;

  get runningChanged(): ISignal<this, void> {
    return this._runningChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._model.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  running(): IRunningSessions.IRunningItem[] {
    return this._active().map(run => ({
      icon: () => (run.kind === 'build' || run.kind === 'delivery' ? buildsIcon : jobsIcon),
      label: () => nameOf(run),
      labelTitle: () => [run.path, run.image].filter(Boolean).join('\n'),
      detail: () => this._detail(run),
      open: () => this._show(run),
      shutdown: () => this._cancel(run)
    }));
  }

  shutdownAll(): void {
    this._active().forEach(run => this._cancel(run));
  }

  refreshRunning(): void {
    void this._model.refresh();
  }

  private _active(): Run[] {
    return this._model.runs.filter(run => !isOver(run.state));
  }

  private _detail(run: Run): string {
    if (run.kind === 'service' && run.state === 'running') {
      return this._trans.__('Serves at %1', run.address);
    }
    const { label } = phaseWord(run.phase, this._trans);
    return run.state === 'running' && run.phase ? label : stateWord(run.state, this._trans);
  }

  private _cancel(run: Run): void {
    // The list shows how it went: what could not be cancelled is still in it.
    this._model.cancel(run.id).catch(() => this._model.refresh());
  }

  /** Only when the list's own words change: a progress bar moves many times a second. */
  private _onChanged(): void {
    const words = this._active()
      .map(run => [run.id, nameOf(run), this._detail(run)].join('\0'))
      .join('\n');
    if (words !== this._words) {
      this._words = words;
      this._runningChanged.emit();
    }
  }

  private _runningChanged = new Signal<this, void>(this);
  private _words = '';
  private _disposed = false;
}
