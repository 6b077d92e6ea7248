/** The side panel of a notebook: which notebook it shows is told by `path`; everything else is the model's. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Body } from './body';
import { isOver } from './fold';
import { IPlaces } from './places';
import { IMlpack } from './tokens';
import { Boundary } from './views/boundary';

/** What the panel is made of. */
export interface IPanelOptions {
  model: IMlpack;
  trans: TranslationBundle;
  places: IPlaces;
}

export class MlpackPanel extends ReactWidget {
  constructor(private _options: IPanelOptions) {
    super();
    this.addClass('jp-Mlpack-Panel');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _options.trans.__('Containerize'));
  }

  /** The notebook that is shown, as the contents manager names it; null when there is none. */
  get path(): string | null {
    return this._path;
  }

  set path(path: string | null) {
    if (path !== this._path) {
      this._path = path;
      this.update();
    }
  }

  /** Show what would be built of this notebook, also when its last build has ended. One that runs stays, and its card. */
  compose(path: string): void {
    const { model } = this._options;
    const { build } = model.draft(path);
    const run = build === null ? null : model.run(build);
    if (run === null || isOver(run.state)) {
      this._left.set(path, build);
    }
    this.path = path;
    this.update();
  }

  protected render(): React.JSX.Element {
    const path = this._path;
    return (
      <Boundary key={path} trans={this._options.trans}>
        <Body
          {...this._options}
          path={path}
          active={this.isVisible}
          left={path === null ? null : (this._left.get(path) ?? null)}
          onLeave={build => {
            if (path !== null) {
              this._left.set(path, build);
              this.update();
            }
          }}
        />
      </Boundary>
    );
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }

  /** Whoever asked for the panel goes on in it: at the selected tab, else at the first thing to do. */
  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
    this.update();
    // Drawn after this message; what is drawn takes the focus unless the user has moved it since.
    requestAnimationFrame(() => {
      const find = (what: string): HTMLElement | null => this.node.querySelector<HTMLElement>(what);
      if (document.activeElement === this.node) {
        (find('[role=tab][aria-selected=true]') ?? find('button, summary'))?.focus();
      }
    });
  }

  private _path: string | null = null;
  /** By notebook, the ended build whose card the user left for the draft. */
  private _left = new Map<string, string | null>();
}
