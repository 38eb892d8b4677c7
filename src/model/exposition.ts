import { printable } from './printable.ts';
import type { MetricDefinition } from './series/definition.ts';

export interface Sample {
  labels: Record<string, string>;
  /** In base units: seconds, bytes, ratios. */
  value: number;
}

/** How many took how much. */
export interface HistogramSample {
  labels: Record<string, string>;
  /** Cumulative, the bounds rising, in base units; the last one is +Infinity and counts all. */
  buckets: { atMost: number; count: number }[];
  sum: number;
}

/** All samples of one metric. */
export type Family =
  | { definition: MetricDefinition; samples: Sample[] }
  | { definition: MetricDefinition; histograms: HistogramSample[] };

/** A metric of some rows. What `measure` does not know (null) is left out; true and false are 1 and 0. */
export function familyOf<T>(
  definition: MetricDefinition,
  rows: readonly T[],
  labels: (row: T) => Record<string, string>,
  measure: (row: T) => number | boolean | null,
): Family {
  const samples = rows.flatMap((row) => {
    const value = measure(row);
    return value === null ? [] : [{ labels: labels(row), value: Number(value) }];
  });
  return { definition, samples };
}

/** A metric that says in a word what a row is: a series for each word, 1 for that which is the case, else 0. */
export function stateFamily<T>(
  definition: MetricDefinition,
  rows: readonly T[],
  labels: (row: T) => Record<string, string>,
  states: { label: string; words: readonly string[]; of: (row: T) => string },
): Family {
  const samples = rows.flatMap((row) =>
    states.words.map((word) => ({
      labels: { ...labels(row), [states.label]: word },
      value: states.of(row) === word ? 1 : 0,
    })),
  );
  return { definition, samples };
}

/** Ms as Prometheus counts them; null stays null. */
export function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

/** What {@link formatFamilies} gives, as an HTTP header says it. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The text format of Prometheus. What has no samples is left out: what is not known is never 0. Of two samples with
 * the same labels, as names that are no UTF-8 may have, the first counts: a series that comes twice spoils the scrape.
 */
export function formatFamilies(families: readonly Family[]): string {
  return families.map(familyText).join('');
}

type Line = [series: string, value: number];

function familyText(family: Family): string {
  const { name, type, help } = family.definition;
  const lines =
    'samples' in family
      ? family.samples.map(({ labels, value }): Line => [name + labelText(labels), value])
      : family.histograms.flatMap((sample) => histogramLines(name, sample));
  if (lines.length === 0) return '';
  // A Map keeps the last value of a key, and the place of the first.
  const values = new Map(lines.reverse());
  const text = [...values].reverse().map(([series, value]) => `${series} ${numberText(value)}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${text.join('')}`;
}

function histogramLines(name: string, { labels, buckets, sum }: HistogramSample): Line[] {
  return [
    ...buckets.map(({ atMost, count }): Line => {
      return [`${name}_bucket${labelText({ ...labels, le: numberText(atMost) })}`, count];
    }),
    [`${name}_sum${labelText(labels)}`, sum],
    [`${name}_count${labelText(labels)}`, buckets.at(-1)?.count ?? 0],
  ];
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}

function labelText(labels: Record<string, string>): string {
  let pairs = '';
  for (const name in labels) pairs += `${pairs && ','}${name}="${escapeLabel(labels[name]!)}"`;
  return pairs && `{${pairs}}`;
}

/** Most names: thousands of series are written while nobody else is served. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Prometheus knows three escapes; other control characters are shown by their code, as on a terminal. */
function escapeLabel(value: string): string {
  if (PLAIN.test(value)) return value;
  const lines = value.split('\n').map((line) => printable(line).replaceAll('\\', '\\\\'));
  return lines.join('\\n').replaceAll('"', '\\"');
}
