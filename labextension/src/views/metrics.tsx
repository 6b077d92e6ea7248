import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { RunFold } from '../tokens';
import { Plot, Series } from './plot';
import { families, numberText } from './scale';

export interface IMetricsProps {
  metrics: RunFold['metrics'];
  trans: TranslationBundle;
}

/** What a training measured: one plot for each kind of metric, and the same as a table. */
export function Metrics({ metrics, trans }: IMetricsProps): React.JSX.Element | null {
  const [open, setOpen] = React.useState(false);
  const series = readSeries(metrics);
  if (!series.length) {
    return null;
  }
  const plots = [...families(series.map(line => line.name))];
  return (
    <section className="jp-Mlpack-Metrics" aria-label={trans.__('Metrics')}>
      <h3>{trans.__('Metrics')}</h3>
      <div className="jp-Mlpack-Metrics-plots">
        {plots.map(([family, names]) => (
          <Plot key={family} title={family} series={series.filter(line => names.includes(line.name))} trans={trans} />
        ))}
      </div>
      <details onToggle={event => setOpen(event.currentTarget.open)}>
        <summary>{trans.__('As a table')}</summary>
        {open && <MetricsTable series={series} trans={trans} />}
      </details>
    </section>
  );
}

function MetricsTable({ series, trans }: { series: readonly Series[]; trans: TranslationBundle }): React.JSX.Element {
  const steps = [...new Set(series.flatMap(line => line.points.map(point => point.step)))].sort((a, b) => a - b);
  const columns = series.map(line => new Map(line.points.map(point => [point.step, point.value])));
  return (
    <div className="jp-Mlpack-Metrics-table" tabIndex={0} role="region" aria-label={trans.__('Metrics as a table')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('Step')}</th>
            {series.map(line => (
              <th key={line.name} scope="col">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map(step => (
            <tr key={step}>
              <th scope="row">{step}</th>
              {columns.map((values, index) => (
                <td key={series[index].name}>{showValue(values.get(step))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function showValue(value: number | undefined): string {
  return value === undefined ? '' : numberText(value);
}

/** The metrics as lines, without values that are no numbers (a loss may become infinite). */
function readSeries(metrics: RunFold['metrics']): Series[] {
  return Object.entries(metrics)
    .map(([name, points]) => ({ name, points: points.filter(point => Number.isFinite(point.value)) }))
    .filter(line => line.points.length > 0);
}
