import type { MetricDefinition } from '../src/model/series/definition.ts';
import { CHECKED, MAINTAINED, SERVED, type Subject } from '../src/model/series/index.ts';

/** The tables of docs/metrics.md, from the one that the code goes by. */
export function seriesTable(): string {
  return [...SERVED, CHECKED, MAINTAINED].map(tableOf).join('\n\n');
}

function tableOf({ title, metrics }: Subject): string {
  const rows = metrics.map(rowOf).join('\n');
  return `### ${title}\n\n| metric | type | labels | what it is |\n|---|---|---|---|\n${rows}`;
}

function rowOf({ name, type, labels, help }: MetricDefinition): string {
  const listed = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${listed} | ${help.replaceAll('|', '\\|')} |`;
}
