import { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Run } from '../tokens';
import { stateWord } from '../words';
import { Filter } from './buildorder';

export interface IBuildFilterProps {
  filter: Filter;
  builds: readonly Run[];
  /** How many of them fit. */
  shown: number;
  trans: TranslationBundle;
  onFilter(filter: Filter): void;
  onReload(): void;
}

const STATES = ['succeeded', 'failed', 'cancelled'] as const;

/** Search, status and reload of the list of builds. */
export function BuildFilter(props: IBuildFilterProps): React.JSX.Element {
  const { filter, builds, shown, trans, onFilter, onReload } = props;
  const counted = (text: string, count: number): string => trans.__('%1 (%2)', text, count);
  return (
    <div className="jp-Mlpack-Filter" role="search">
      <input
        type="search"
        className="jp-Mlpack-Input"
        aria-label={trans.__('Search builds')}
        placeholder={trans.__('Search image, notebook, person')}
        value={filter.text}
        onChange={event => onFilter({ ...filter, text: event.target.value })}
      />
      <select
        className="jp-Mlpack-Input"
        aria-label={trans.__('Status')}
        value={filter.state}
        onChange={event => onFilter({ ...filter, state: event.target.value as Filter['state'] })}
      >
        <option value="all">{counted(trans.__('Every status'), builds.length)}</option>
        <option value="open">{counted(trans.__('Going on'), builds.filter(run => run.ended === null).length)}</option>
        {STATES.map(state => (
          <option key={state} value={state}>
            {counted(stateWord(state, trans), builds.filter(run => run.state === state).length)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="jp-Mlpack-IconButton"
        title={trans.__('Reload')}
        aria-label={trans.__('Reload')}
        onClick={onReload}
      >
        <refreshIcon.react tag="span" />
      </button>
      <span className="jp-Mlpack-Soft" role="status">
        {shown < builds.length
          ? trans.__('%1 of %2 builds', shown, builds.length)
          : trans._n('%1 build', '%1 builds', shown)}
      </span>
    </div>
  );
}
