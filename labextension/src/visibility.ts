/** Whether anybody can see the page: the model asks for less while nobody can. */
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

export interface IVisibility extends IDisposable {
  readonly hidden: boolean;
  /** Emitted when `hidden` changed. */
  readonly changed: ISignal<IVisibility, void>;
}

/** The visibility of a document, as the browser tells it. */
export class PageVisibility implements IVisibility {
  constructor(private _document: Document) {
    _document.addEventListener('visibilitychange', this._tell);
  }

  get hidden(): boolean {
    return this._document.hidden;
  }

  get changed(): ISignal<IVisibility, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this._document.removeEventListener('visibilitychange', this._tell);
    Signal.clearData(this);
  }

  private _tell = (): void => this._changed.emit();
  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
}
