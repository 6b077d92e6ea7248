import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IMlpack, Run } from '../tokens';
import { ageText, durationText } from '../words';
import { BuildDetail } from './builddetail';
import { Column, Order, seconds } from './buildorder';
import { BuildRow } from './buildrow';
import { Drifts } from './drift';
import { IPlaces } from '../places';

export interface IBuildTableProps {
  model: IMlpack;
  places: IPlaces;
  trans: TranslationBundle;
  /** What to show, in order. */
  runs: readonly Run[];
  order: Order;
  /** Names what is shown and how: another one begins at its top. */
  view: string;
  now: number;
  /** Ids of the builds whose drift is of interest. */
  newest: ReadonlySet<string>;
  onOrder(order: Order): void;
  onRemove(id: string): void;
  attempt(work: Promise<unknown>): void;
}

/** Rows at once: more come when the end is reached, so that a long list opens as fast as a short one. */
const ROWS = 50;
/** Columns, with the one of the button that opens a row. */
const COLUMNS = 8;

export function BuildTable(props: IBuildTableProps): React.JSX.Element {
  const { model, runs, now, newest, order, trans } = props;
  const [more, setMore] = React.useState({ of: props.view, rows: 0 });
  const limit = ROWS + (more.of === props.view ? more.rows : 0);
  const [open, setOpen] = React.useState<ReadonlySet<string>>(new Set());
  const drifts = React.useMemo(() => new Drifts(model), [model]);
  const toggle = React.useCallback(
    (id: string): void =>
      setOpen(before => {
        const after = new Set(before);
        return after.delete(id) ? after : after.add(id);
      }),
    []
  );
  return (
    <table className="jp-Mlpack-BuildTable">
      <thead>
        <tr>
          <th>
            <span className="jp-Mlpack-Unseen">{trans.__('Details')}</span>
          </th>
          {columns(trans).map(([column, label]) => (
            <Head key={column} column={column} label={label} order={order} onOrder={props.onOrder} />
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.slice(0, limit).map(run => (
          <React.Fragment key={run.id}>
            <BuildRow
              model={model}
              run={run}
              fold={run.ended === null ? model.fold(run.id) : null}
              age={ageText(now - run.created, trans)}
              took={run.started === null ? '' : durationText(seconds(run, now), trans)}
              drifts={newest.has(run.id) ? drifts : null}
              open={open.has(run.id)}
              trans={trans}
              onToggle={toggle}
            />
            {open.has(run.id) && (
              <tr className="jp-Mlpack-BuildTable-detail">
                <td colSpan={COLUMNS}>
                  <BuildDetail {...props} run={run} drifts={drifts} />
                </td>
              </tr>
            )}
          </React.Fragment>
        ))}
      </tbody>
      {runs.length > limit && (
        <tfoot>
          <tr>
            <td colSpan={COLUMNS}>
              <More left={runs.length - limit} trans={trans} onMore={() => setMore({ of: props.view, rows: limit })} />
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

function columns(trans: TranslationBundle): [Column, string][] {
  return [
    ['image', trans.__('Image')],
    ['notebook', trans.__('Notebook')],
    ['state', trans.__('Status')],
    ['size', trans.__('Size')],
    ['age', trans.__('Age')],
    ['user', trans.__('Who')],
    ['took', trans.__('Took')]
  ];
}

interface IHeadProps {
  column: Column;
  label: string;
  order: Order;
  onOrder(order: Order): void;
}

function Head({ column, label, order, onOrder }: IHeadProps): React.JSX.Element {
  const chosen = order.column === column;
  return (
    <th aria-sort={chosen ? (order.down ? 'descending' : 'ascending') : undefined} data-column={column}>
      <button type="button" onClick={() => onOrder({ column, down: chosen ? !order.down : false })}>
        {label}
        <span aria-hidden="true">{chosen ? (order.down ? ' ▾' : ' ▴') : ''}</span>
      </button>
    </th>
  );
}

/** Shows more rows when it comes into view, or is pressed. */
function More(props: { left: number; trans: TranslationBundle; onMore(): void }): React.JSX.Element {
  const place = React.useRef<HTMLButtonElement>(null);
  const { left, trans, onMore } = props;
  React.useEffect(() => {
    if (!place.current || typeof IntersectionObserver === 'undefined') {
      return;
    }
    const observer = new IntersectionObserver(entries => {
      if (entries.some(entry => entry.isIntersecting)) {
        onMore();
      }
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  });
  return (
    <button ref={place} type="button" className="jp-Mlpack-Button" onClick={onMore}>
      {trans._n('Show %1 more build', 'Show %1 more builds', left)}
    </button>
  );
}
