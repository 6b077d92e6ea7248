/** What users decide in the settings editor; the same values as in schema/commands.json. */
import { ISettingRegistry } from '@jupyterlab/settingregistry';

export type Notify = 'always' | 'end' | 'never';

export interface ISettings {
  /** When a notification tells of a run that the user does not look at. */
  readonly notify: Notify;
  /** Whether to ask before a run is cancelled by a command. */
  readonly askBeforeCancel: boolean;
}

const DEFAULTS: ISettings = { notify: 'always', askBeforeCancel: true };

/** The settings as they are now, each time they are read; the defaults until they are there. */
export class Settings implements ISettings {
  constructor(registry: ISettingRegistry | null) {
    registry
      ?.load('jupyter-mlpack:commands')
      .then(loaded => {
        this._loaded = loaded;
      })
      .catch(failure => console.warn(failure));
  }

  get notify(): Notify {
    const value = this._loaded?.get('notify').composite;
    return value === 'always' || value === 'end' || value === 'never' ? value : DEFAULTS.notify;
  }

  get askBeforeCancel(): boolean {
    const value = this._loaded?.get('askBeforeCancel').composite;
    return typeof value === 'boolean' ? value : DEFAULTS.askBeforeCancel;
  }

  private _loaded: ISettingRegistry.ISettings | null = null;
}
