/** How the values of a chart are laid out from the bottom to the top. `counts` is logarithmic, and has a 0. */
export type ScaleKind = 'linear' | 'log' | 'counts';

/** One line of a chart; a null is a gap. */
export interface Series {
  name: string;
  /** Which of the colours and dashes of the style it has, from 1. */
  look: number;
  values: readonly (number | null)[];
  /** Which of several values a point stands for where there are more of them than columns; default the highest. */
  pick?: 'most' | 'mean';
}

/** What a value is, for its text and the steps of the axis. */
export type Unit = 'ms' | 'perSecond' | 'count' | 'bytes' | 'cores';

/** A place on the horizontal axis, from 0 to 1, with its text. */
export interface Tick {
  at: number;
  text: string;
}

/** What stands below a chart, from left to right. */
export interface Axis {
  /** What it is, as the head of a column: `second`. */
  name: string;
  /** Of each value of a series. */
  points: readonly Tick[];
  /** Where it is labelled. */
  ticks: readonly Tick[];
  /** Stretches that are shaded. */
  bands: readonly { from: number; to: number; text: string }[];
  /** Moments with a line across. */
  marks: readonly Tick[];
}

/** One chart as data. */
export interface Chart {
  /** Unique in the page. */
  id: string;
  title: string;
  /** What is to be seen, for who cannot see it. */
  description: string;
  unit: Unit;
  scale: ScaleKind;
  axis: Axis;
  series: readonly Series[];
}
