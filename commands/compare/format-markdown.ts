import type { Comparison, SampledRecord } from '../../src/compare/index.ts';
import { code, escaped } from '../analyse/format-markdown.ts';
import {
  behindText,
  countRows,
  fieldState,
  kindsText,
  noisePairsText,
  placeText,
  SIDE_FACTS,
  shareText,
  verdictText,
} from './words.ts';

/** A comparison as a page: for a ticket, a wiki, or the summary of a CI job. */
export function formatMarkdown(comparison: Comparison, dedupe: boolean): string {
  const { old, new: fresh, fields, sample, thresholds, doubled } = comparison;
  const behind = behindText(comparison);
  const noise = noisePairsText(comparison);
  const facts = SIDE_FACTS.map(([name, text]) => [name, text(old), text(fresh)]);
  const parts = [
    `# Comparison: ${verdictText(comparison)}\n\nMade ${comparison.endedAt}.`,
    `- Old: ${code(old.input)}\n- New: ${code(fresh.input)}${behind ? `\n- New behind old: ${behind}` : ''}${noise ? `\n- Noise from: ${noise}` : ''}`,
    table(['', 'count'], countRows(comparison)),
    table(['side', 'old', 'new'], facts),
  ];
  if (fields.length > 0) {
    const rows = fields.map((field) => [
      field.field,
      field.differing,
      shareText(field.share),
      shareText(field.noiseShare),
      fieldState(field),
      kindsText(field),
    ]);
    parts.push(`## Fields\n\n${table(['field', 'differs', 'share', 'noise', 'state', 'how'], rows)}`);
  }
  if (thresholds.length > 0) {
    const rows = thresholds.map(({ ok, rule, text, holds }) => [
      ok ? 'ok' : 'failed',
      rule,
      text,
      holds ?? 'unknown',
    ]);
    parts.push(`## Conditions\n\n${table(['', 'rule', 'condition', 'holds'], rows)}`);
  }
  if (sample.length > 0) parts.push(`## Sample\n\n${sample.map(recordLine).join('\n')}`);
  if (dedupe) {
    const rows = doubled.map(({ key, old: before, new: after }) => [key, before, after]);
    parts.push(`## Doubled\n\n${rows.length > 0 ? table(['key', 'old', 'new'], rows) : 'None.'}`);
  }
  return `${parts.join('\n\n')}\n`;
}

type Cell = string | number | boolean | null;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell) => escaped(String(cell ?? '-'))).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function recordLine(record: SampledRecord): string {
  const { outcome, key, why, differences } = record;
  const head = `- ${outcome} ${key === null ? '' : code(key)} ${escaped(placeText(record))}${why === null ? '' : `: ${escaped(why)}`}`;
  const lines = differences.map(
    ({ path, kind, old, new: fresh }) =>
      `\n  - ${code(path)} ${kind}: ${code(old ?? 'nothing')} to ${code(fresh ?? 'nothing')}`,
  );
  return head + lines.join('');
}
