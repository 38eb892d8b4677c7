import type { DiffRules } from './diff.ts';
import { plainText, type Value, writeValue } from './json.ts';
import { parsePath } from './path.ts';
import type { RuleTexts } from './request.ts';
import { compileSearch, compileSelector, isTrue, type Selector } from './select.ts';
import { timeOf } from './times.ts';
import { parseTolerance } from './tolerance.ts';

/** How records are read and judged, compiled once. */
export interface Rules {
  diff: DiffRules;
  /** The key as text; null where the record has none. */
  keyOf(record: Value): string | null;
  /** In ms; the time of the place it stands in where nothing else is asked for. */
  timeOf(record: Value, placeMs: number | null): number | null;
  startedOf: ((record: Value) => number | null) | undefined;
  saysError(record: Value): boolean;
  /** Whether a pair that differs may do so. */
  isKnown(old: Value, fresh: Value, fields: readonly string[]): boolean;
}

/** Throws `usage` or `config` for a text that cannot be meant. */
export function compileRules(texts: RuleTexts): Rules {
  const { time, started } = texts;
  const keys = texts.key.map((text) => compileSelector(text, 'key'));
  const timeSelector = time === undefined ? undefined : compileSelector(time, 'time');
  const startedSelector = started === undefined ? undefined : compileSelector(started, 'started');
  const known = (texts.known ?? []).map((text) => compileSearch(text, 'known'));
  return {
    diff: {
      ignore: (texts.ignore ?? []).map(parsePath),
      unordered: (texts.unordered ?? []).map(parsePath),
      tolerance: parseTolerance(texts.tolerance ?? []),
      looseTypes: texts.looseTypes ?? false,
    },
    keyOf: (record) => keyText(keys, record),
    timeOf: (record, placeMs) => (timeSelector ? timeOf(timeSelector(record)) : placeMs),
    startedOf: startedSelector && ((record) => timeOf(startedSelector(record))),
    saysError: errorTest(texts.error),
    isKnown: (old, fresh, fields) =>
      known.some((rule) => isTrue(rule({ old, new: fresh, fields: [...fields] }))),
  };
}

/** Numbers and texts make one key: a stream knows text alone. */
function keyText(selectors: readonly Selector[], record: Value): string | null {
  const parts = selectors.map((select) => select(record));
  if (parts.some((part) => part === null || part === '')) return null;
  const texts = parts.map((part) => (typeof part === 'object' ? writeValue(part) : plainText(part)));
  return texts.length === 1 ? texts[0]! : JSON.stringify(texts);
}

function errorTest(text: string | undefined): (record: Value) => boolean {
  if (text !== undefined) {
    const select = compileSelector(text, 'error');
    return (record) => isTrue(select(record));
  }
  const selectors = [compileSelector('error', 'error'), compileSelector('body.error', 'error')];
  return (record) =>
    selectors.map((select) => select(record)).some((value) => isTrue(value) && !saysNo(value));
}

/** Fields of a stream's entry are text, and an engine without an error writes one of these. */
function saysNo(value: Value): boolean {
  return typeof value !== 'object' && /^(?:false|0|null|none|no|)$/i.test(plainText(value).trim());
}
