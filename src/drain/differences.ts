import { canonical, type Manifest } from './manifest.ts';
import { settingsOf } from './setting-names.ts';

/** One setting that is not what it was, as the operator names it. */
export interface Difference {
  setting: string;
  before: string;
  now: string;
}

const LONGEST = 60;
/** What is shown of long values before the place where they differ. */
const LEAD = 15;
const NONE = '(none)';

/** Of what must be the same for a run to be continued, what differs; empty where nothing does. */
export function differences(a: Manifest['context'], b: Manifest['context']): Difference[] {
  const [before, now] = [a, b].map((context) => new Map(settingsOf(context).map((one) => [one.name, one])));
  const changed = [...new Set([...before!.keys(), ...now!.keys()])]
    .map((name) => ({ name, old: before!.get(name), next: now!.get(name) }))
    .filter(({ old, next }) => canonical(old?.value) !== canonical(next?.value));
  const chosen = changed.filter(({ old, next }) => (old ?? next)!.chosen);
  if (changed.length === 0) return differentParts(a, b);
  // What follows from another choice would only hide it.
  return (chosen.length > 0 ? chosen : changed).map(({ name, old, next }) => ({
    setting: name,
    before: old ? textOf(old.value) : NONE,
    now: next ? textOf(next.value) : NONE,
  }));
}

/** What no setting tells apart, such as an empty list and none. */
function differentParts(a: Manifest['context'], b: Manifest['context']): Difference[] {
  return (Object.keys(a) as (keyof typeof a)[])
    .map((part) => ({ setting: part, before: canonical(a[part]), now: canonical(b[part]) }))
    .filter(({ before, now }) => before !== now);
}

/** `--ready: state = 'a' -> state = 'b'`, long values cut down to where they differ. */
export function differenceText({ setting, before, now }: Difference): string {
  const [old, next] = [oneLine(before), oneLine(now)];
  const at =
    old.length > LONGEST || next.length > LONGEST ? Math.max(0, firstDifference(old, next) - LEAD) : 0;
  return `${setting}: ${part(old, at)} -> ${part(next, at)}`;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'object' && value !== null ? doneText(value) : String(value);
}

/** As `--done` is written. */
function doneText(value: { set?: Record<string, unknown> }): string {
  if (!value.set) return 'delete' in value ? 'delete' : canonical(value);
  return Object.entries(value.set)
    .map(([column, one]) => `${column}=${textOf((one as { sql?: string } | null)?.sql ?? one)}`)
    .join(',');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

function part(text: string, from: number): string {
  const end = from + LONGEST;
  return `${from > 0 ? '…' : ''}${text.slice(from, end)}${text.length > end ? '…' : ''}`;
}
