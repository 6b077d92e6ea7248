import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IMlpack, Problem } from '../tokens';
import { BuildFilter } from './buildfilter';
import { arrange, Filter, newestOfNotebooks, Order } from './buildorder';
import { BuildTable } from './buildtable';
import { IPlaces } from '../places';
import { ProblemCard } from './problem';
import { useNow } from './ticking';

export interface IBuildsProps {
  model: IMlpack;
  places: IPlaces;
  trans: TranslationBundle;
  /** Ask and remove: what to say then, or null when the user changed their mind. */
  onRemove(id: string, say: (text: string) => void): Promise<string | null>;
  /** A failure of any action in words. */
  problem: Problem | null;
  /** Run an action and show its failure. */
  attempt(work: Promise<unknown>): void;
}

/** The builds of all notebooks. */
export function Builds(props: IBuildsProps): React.JSX.Element {
  const { model, trans } = props;
  const [filter, setFilter] = React.useState<Filter>({ text: '', state: 'all' });
  const [order, setOrder] = React.useState<Order>({ column: 'age', down: false });
  const [said, setSaid] = React.useState('');
  const { runs } = model;
  const builds = React.useMemo(() => runs.filter(run => run.kind === 'build'), [runs]);
  const newest = React.useMemo(() => newestOfNotebooks(builds), [builds]);
  const ticking = useNow(
    () => model.now(),
    builds.some(run => run.ended === null)
  );
  const now = Math.max(ticking, model.now());
  const moving = order.column === 'took' ? now : 0;
  // What is typed shows at once; the list follows as fast as it can.
  const asked = React.useDeferredValue(filter);
  const shown = React.useMemo(() => arrange(builds, asked, order, moving), [builds, asked, order, moving]);
  const remove = async (id: string): Promise<void> => {
    try {
      setSaid((await props.onRemove(id, setSaid)) ?? '');
    } catch (error) {
      setSaid('');
      throw error;
    }
  };
  return (
    <div className="jp-Mlpack-Builds">
      <div className="jp-Mlpack-ListHeader">
        <h1>{trans.__('Builds')}</h1>
        <BuildFilter
          filter={filter}
          builds={builds}
          shown={shown.length}
          trans={trans}
          onFilter={setFilter}
          onReload={() => void model.refresh()}
        />
      </div>
      {model.problem && <ProblemCard problem={model.problem} trans={trans} onRetry={() => void model.refresh()} />}
      {props.problem && <ProblemCard problem={props.problem} trans={trans} />}
      <p className="jp-Mlpack-Said" role="status">
        {said}
      </p>
      {shown.length > 0 ? (
        <BuildTable
          {...props}
          runs={shown}
          order={order}
          now={now}
          newest={newest}
          view={JSON.stringify([asked, order])}
          onOrder={setOrder}
          onRemove={id => props.attempt(remove(id))}
        />
      ) : (
        !model.problem && (
          <p className="jp-Mlpack-ListEmpty">
            {builds.length
              ? trans.__('No build fits. Search for less, or choose another status.')
              : trans.__('Nothing was built yet. Open a notebook and press “Containerize” in its toolbar.')}
          </p>
        )
      )}
    </div>
  );
}
