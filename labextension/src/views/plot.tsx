import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Axis, makeAxis, numberText, place, Point, thinOut } from './scale';

/** One line of a plot. */
export interface Series {
  name: string;
  points: readonly Point[];
}

export interface IPlotProps {
  title: string;
  series: readonly Series[];
  trans: TranslationBundle;
}

const WIDTH = 290;
const HEIGHT = 160;
const LEFT = 42;
const RIGHT = WIDTH - 10;
const TOP = 10;
const BOTTOM = HEIGHT - 22;

/** A small plot of metrics of one kind: a line each, with legend, last values and the value under the pointer. */
export function Plot({ title, series, trans }: IPlotProps): React.JSX.Element {
  const [at, setAt] = React.useState<number | null>(null);
  const points = series.flatMap(line => line.points);
  const across = makeAxis(
    points.map(point => point.step),
    5,
    true
  );
  const up = makeAxis(
    points.map(point => point.value),
    4
  );
  const x = (step: number): number => place(across, step, LEFT, RIGHT);
  const y = (value: number): number => place(up, value, BOTTOM, TOP);
  const follow = (event: React.PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const part = (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (RIGHT - LEFT);
    setAt(nearestStep(points, across.low + part * (across.high - across.low)));
  };

  return (
    <figure className="jp-Mlpack-Plot">
      <figcaption className="jp-Mlpack-Plot-legend">
        {series.map((line, index) => (
          <LegendEntry key={line.name} line={line} index={index} at={at} trans={trans} />
        ))}
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={trans.__('%1 by step: %2', title, series.map(line => spoken(line, trans)).join('; '))}
        onPointerMove={follow}
        onPointerLeave={() => setAt(null)}
      >
        <Grid across={across} up={up} x={x} y={y} />
        {at !== null && <line className="jp-Mlpack-Plot-at" x1={x(at)} x2={x(at)} y1={TOP} y2={BOTTOM} />}
        {series.map((line, index) => (
          <Line key={line.name} points={thinOut(line.points)} look={index % LOOKS} x={x} y={y} at={at} />
        ))}
      </svg>
    </figure>
  );
}

/** Looks of a line: colour and dashes, both in the style sheet. */
const LOOKS = 6;

type Scale = (value: number) => number;

function Grid({ across, up, x, y }: { across: Axis; up: Axis; x: Scale; y: Scale }): React.JSX.Element {
  return (
    <g className="jp-Mlpack-Plot-grid" aria-hidden="true">
      {up.ticks.map(tick => (
        <g key={`up${tick}`}>
          <line x1={LEFT} x2={RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
            {numberText(tick)}
          </text>
        </g>
      ))}
      {across.ticks.map(tick => (
        <text key={`across${tick}`} x={x(tick)} y={HEIGHT - 6} textAnchor="middle">
          {numberText(tick)}
        </text>
      ))}
    </g>
  );
}

interface ILineProps {
  points: readonly Point[];
  look: number;
  x: Scale;
  y: Scale;
  at: number | null;
}

function Line({ points, look, x, y, at }: ILineProps): React.JSX.Element {
  const path = points.map(
    (point, index) => `${index ? 'L' : 'M'}${x(point.step).toFixed(1)} ${y(point.value).toFixed(1)}`
  );
  const marked = points.find(point => point.step === at) ?? points[points.length - 1];
  return (
    <g className="jp-Mlpack-Plot-line" data-look={look}>
      <path d={path.join('')} />
      {marked && <circle cx={x(marked.step)} cy={y(marked.value)} r={3} />}
    </g>
  );
}

interface ILegendEntryProps {
  line: Series;
  index: number;
  at: number | null;
  trans: TranslationBundle;
}

function LegendEntry({ line, index, at, trans }: ILegendEntryProps): React.JSX.Element {
  const last = line.points[line.points.length - 1];
  const point = at === null ? last : line.points.find(candidate => candidate.step === at);
  return (
    <span className="jp-Mlpack-Plot-entry">
      <svg className="jp-Mlpack-Plot-line" data-look={index % LOOKS} width="22" height="8" aria-hidden="true">
        <path d="M0 4H22" />
      </svg>
      {line.name} <strong>{point ? numberText(point.value) : '–'}</strong>
      {at !== null && <span className="jp-Mlpack-Soft">{trans.__('at %1', at)}</span>}
    </span>
  );
}

function nearestStep(points: readonly Point[], step: number): number | null {
  const nearest = points.reduce<Point | null>(
    (best, point) => (best && Math.abs(best.step - step) <= Math.abs(point.step - step) ? best : point),
    null
  );
  return nearest && nearest.step;
}

function spoken(line: Series, trans: TranslationBundle): string {
  const values = line.points.map(point => point.value);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return trans.__(
    '%1, %2 values from %3 to %4, last %5',
    line.name,
    values.length,
    numberText(low),
    numberText(high),
    numberText(values[values.length - 1])
  );
}
