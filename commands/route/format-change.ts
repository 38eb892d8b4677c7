import { type RouteChange, ruleLines } from '../../src/routing/index.ts';
import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';

interface Row {
  what: string;
  before: string | null;
  now: string | null;
}

const COLUMNS: Column<Row & { route: string }>[] = [
  { head: 'ROUTE', value: ({ route }) => route, whole: true },
  { head: 'WHAT', value: ({ what }) => what, wrap: true },
  { head: 'BEFORE', value: ({ before }) => before, wrap: true },
  { head: 'NOW', value: ({ now }) => now, wrap: true },
];

/** Prior and new, a line for each thing that is different. */
export function formatRouteChange(output: Output, change: RouteChange): string {
  const rows = changedRows(change).map((row) => ({ route: change.name, ...row }));
  return formatTable(output, COLUMNS, rows);
}

/** The lines that are different, else the percentage alone; the version last. */
export function changedRows({ prior, next }: Pick<RouteChange, 'prior' | 'next'>): Row[] {
  const before = new Map(prior ? ruleLines(prior).map(({ what, text }) => [what, text]) : []);
  const now = new Map(next ? ruleLines(next).map(({ what, text }) => [what, text]) : []);
  const names = [...new Set([...now.keys(), ...before.keys()])];
  const rows = names.map((what) => ({ what, before: before.get(what) ?? null, now: now.get(what) ?? null }));
  const different = rows.filter((row) => row.before !== row.now);
  const shown = different.length > 0 ? different : rows.filter(({ what }) => what === 'percent');
  return [...shown, { what: 'version', before: versionOf(prior), now: versionOf(next) }];
}

function versionOf(route: { version: number } | null): string | null {
  return route && String(route.version);
}
