/** The two lists of the main area, builds and trainings: widgets that hold what is chosen, and mount the views. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Message } from '@lumino/messaging';
import * as React from 'react';
import { keepFocus } from './keepfocus';
import { IPlaces } from './places';
import { problemOf } from './problems';
import { removeBuild } from './removal';
import { IMlpack, Problem } from './tokens';
import { Builds } from './views/builds';
import { JobDraft } from './views/jobdraft';
import { Jobs, JobsShown } from './views/jobs';

export interface IListOptions {
  model: IMlpack;
  places: IPlaces;
  trans: TranslationBundle;
}

/** Follows the model, but only while it is seen. */
abstract class ListWidget extends ReactWidget {
  constructor(protected options: IListOptions) {
    super();
    this.addClass('jp-Mlpack-MainList');
    this.node.tabIndex = -1;
    this._focus = keepFocus(this.node);
    options.model.changed.connect(this._onChanged, this);
  }

  dispose(): void {
    this._focus.dispose();
    this.options.model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected onActivateRequest(): void {
    this.node.focus();
  }

  private _onChanged(): void {
    if (this.isVisible) {
      this.update();
    }
  }

  private _focus: IDisposable;
}

/** The builds of all notebooks. */
export class BuildsWidget extends ListWidget {
  constructor(options: IListOptions) {
    super(options);
    this.title.label = options.trans.__('Builds');
  }

  protected render(): React.JSX.Element {
    const { model, places, trans } = this.options;
    return (
      <Builds
        model={model}
        places={places}
        trans={trans}
        problem={this._problem}
        attempt={work => void this._attempt(work)}
        onRemove={async (id, say) => {
          const run = model.run(id);
          return run && removeBuild(model, run, trans, say);
        }}
      />
    );
  }

  private async _attempt(work: Promise<unknown>): Promise<void> {
    try {
      await work;
      this._problem = null;
    } catch (error) {
      this._problem = problemOf(error, this.options.trans);
    }
    this.update();
  }

  private _problem: Problem | null = null;
}

/** All trainings, and beside them one of them or the form of a new one. */
export class JobsWidget extends ListWidget {
  constructor(options: IListOptions) {
    super(options);
    this.title.label = options.trans.__('Trainings');
  }

  /** Open the form of a new training with this image. */
  create(image: string, path: string): void {
    this._open({ image, path, parameters: {}, engine: '' });
  }

  /** Show a training. */
  select(id: string | null): void {
    this._shown = { ...this._shown, run: id, form: null };
    this.update();
  }

  protected render(): React.JSX.Element {
    return (
      <Jobs
        {...this.options}
        shown={this._shown}
        onShow={id => this.select(id)}
        onForm={draft => this._open(draft)}
        onDraft={draft => {
          this._shown = { ...this._shown, form: draft };
          this.update();
        }}
      />
    );
  }

  private _open(draft: JobDraft): void {
    this._shown = { ...this._shown, form: draft, forms: this._shown.forms + 1 };
    this.update();
  }

  private _shown: JobsShown = { run: null, form: null, forms: 0 };
}
