import { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { IMlpack, Run, RunFold } from '../tokens';
import { sizeText } from '../words';
import { BuildProgress } from './buildprogress';
import { useFollow } from './hooks';
import { DriftBadge, Drifts } from './drift';
import { fileName, momentText } from './names';
import { StateMark } from './statemark';

export interface IBuildRowProps {
  model: Pick<IMlpack, 'follow'>;
  run: Run;
  /** Of a build that goes on; else null. */
  fold: RunFold | null;
  age: string;
  took: string;
  /** Of a build whose drift is of interest; else null. */
  drifts: Drifts | null;
  open: boolean;
  trans: TranslationBundle;
  onToggle(id: string): void;
}

/** One build. Rendered again only when something of it changed: there may be hundreds. */
export const BuildRow = React.memo(function BuildRow(props: IBuildRowProps): React.JSX.Element {
  const { model, run, fold, open, trans, onToggle } = props;
  useFollow(model, run.ended === null ? run.id : null);
  const name = run.image || fileName(run.path);
  const Caret = open ? caretDownIcon.react : caretRightIcon.react;
  return (
    <tr className="jp-Mlpack-BuildTable-row" aria-label={name} onClick={() => onToggle(run.id)}>
      <td className="jp-Mlpack-BuildTable-caret">
        <button
          type="button"
          className="jp-Mlpack-IconButton"
          aria-expanded={open}
          aria-label={trans.__('Details of %1', name)}
          onClick={event => {
            event.stopPropagation();
            onToggle(run.id);
          }}
        >
          <Caret tag="span" />
        </button>
      </td>
      <th scope="row" data-column="image" title={run.digest}>
        {name}
      </th>
      <td data-column="notebook" title={run.path}>
        {run.path}
        {props.drifts && <DriftBadge id={run.id} drifts={props.drifts} trans={trans} />}
      </td>
      <td data-column="state" title={run.failure}>
        <StateMark run={run} trans={trans} />
        {fold && <BuildProgress run={run} fold={fold} trans={trans} />}
      </td>
      <td data-column="size">{run.size > 0 && sizeText(run.size)}</td>
      <td data-column="age" title={momentText(run.created)}>
        {props.age}
      </td>
      <td data-column="user">{run.user}</td>
      <td data-column="took">{props.took}</td>
    </tr>
  );
});
