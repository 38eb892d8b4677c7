import type { Output } from '../term/io.ts';
import { type CellValue, formatFields } from '../term/table.ts';

const KEYS: readonly (readonly [keys: string, what: CellValue])[] = [
  ['1-7, Tab, ← →', 'streams, dead letters, breakers, runs and cutovers, redis, moves, routes'],
  ['↑ ↓, j k', 'one row or line; PgUp PgDn, Space: a page; Home End, g G: the ends'],
  [
    'Enter',
    'open: a stream with its groups and consumers, dead letters, one of them, a breaker, a run, a route',
  ],
  ['Esc, Backspace', 'back; away with the filter'],
  ['/', 'only what has this text in it; Enter keeps it, Esc takes it back'],
  ['s', 'sort by the next column; after the last one as it was'],
  ['S', 'the other way round'],
  ['p', 'hold what is shown, and go on'],
  ['Ctrl-Z', 'suspend; fg goes on'],
  ['q, Ctrl-C', 'quit'],
  ['', ''],
  ['-', 'not known, or nothing there'],
  ['≥1,000, 0..50', 'a lag between bounds: Redis does not know it'],
  ['~12', 'about: what SQS says of a queue'],
  ['IN, OUT', 'entries added, and finished by the slowest group, a second'],
  ['(n)', 'behind a view: dead letters, breakers that are not closed, runs at work'],
];

/** The keys, and what the signs mean. */
export function helpLines(output: Output): string[] {
  return formatFields(
    output,
    KEYS.map(([keys, what]) => [keys, keys === '' ? ' ' : what] as const),
  )
    .trimEnd()
    .split('\n');
}
