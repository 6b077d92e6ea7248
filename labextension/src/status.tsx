/** The status bar's item: how much runs, while something runs. */
import { VDomModel, VDomRenderer } from '@jupyterlab/ui-components';
import { TextItem } from '@jupyterlab/statusbar';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isOver } from './fold';
import { IMlpack, Run } from './tokens';
import { phaseWord } from './words';

/** What the item says; changes only when its words do. */
export class StatusModel extends VDomModel {
  constructor(
    private _model: IMlpack,
    private _trans: TranslationBundle
  ) {
    super();
    _model.changed.connect(this._onChanged, this);
    this._onChanged();
  }

  /** Empty while nothing runs. */
  text = '';
  title = '';

  dispose(): void {
    this._model.changed.disconnect(this._onChanged, this);
    super.dispose();
  }

  private _onChanged(): void {
    const active = this._model.runs.filter(run => !isOver(run.state));
    const text = this._text(active);
    const title = active.map(run => this._line(run)).join('\n');
    if (text !== this.text || title !== this.title) {
      this.text = text;
      this.title = title;
      this.stateChanged.emit();
    }
  }

  private _text(active: Run[]): string {
    const trans = this._trans;
    const count = (kind: Run['kind']): number => active.filter(run => run.kind === kind).length;
    const [builds, jobs, deliveries] = [count('build'), count('job'), count('delivery')];
    const services = count('service');
    return [
      builds && trans._n('%1 build', '%1 builds', builds),
      jobs && trans._n('%1 training', '%1 trainings', jobs),
      deliveries && trans._n('%1 push', '%1 pushes', deliveries),
      services && trans._n('%1 service', '%1 services', services)
    ]
      .filter(Boolean)
      .join(', ');
  }

  private _line(run: Run): string {
    const what = run.phase ? phaseWord(run.phase, this._trans).label : '';
    return [run.path || run.image, what].filter(Boolean).join(': ');
  }
}

export class StatusItem extends VDomRenderer<StatusModel> {
  constructor(
    model: StatusModel,
    private _onClick: () => void
  ) {
    super(model);
    this.addClass('jp-mod-highlighted');
  }

  protected render(): React.JSX.Element | null {
    const { text, title } = this.model;
    return text ? (
      <button type="button" className="jp-Mlpack-Status" title={title} onClick={this._onClick}>
        <TextItem source={text} />
      </button>
    ) : null;
  }
}
