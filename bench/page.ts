import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Part } from './options.ts';
import { goalText, type Result, verdict } from './result.ts';

/** What one part has measured. */
export interface Measured {
  part: Part;
  results: Result[];
}

/**
 * Puts what was measured into a page, between `<!-- bench:PART -->` and the next `<!-- end -->`; what other parts have
 * measured at another time stays.
 *
 * @throws Error where the page has no place for a part
 */
export function writePage(path: string, measured: readonly Measured[], setting: string): void {
  let page = readFileSync(path, 'utf8');
  for (const { part, results } of measured) {
    const place = new RegExp(`(<!-- bench:${part} -->\n)[\\s\\S]*?(<!-- end -->)`);
    if (!place.test(page)) throw new Error(`${path} has no <!-- bench:${part} -->`);
    page = page.replace(place, (_, from, to) => `${from}\n${section(results, setting)}\n${to}`);
  }
  writeFileSync(path, page);
}

/** The machine in a line, without its name. */
export function machineLine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${cpus().length} × ${model}, ${gib} GiB, ${process.platform}, Node ${process.version}`;
}

function section(results: readonly Result[], setting: string): string {
  const rows = results.map((result) => {
    const ratio = result.ratio === null ? '-' : `${result.ratio.toFixed(2)}x`;
    return `| ${[result.name, result.ours, result.baseline, ratio, goalText(result), verdict(result)].map(cell).join(' | ')} |`;
  });
  const notes = results.filter(({ note }) => note).map(({ name, note }) => `- ${name}: ${note}`);
  const date = new Date().toISOString().slice(0, 10);
  return [
    `Measured ${date}; ${setting}.`,
    '',
    '| what | ours | baseline | ratio | goal | verdict |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(notes.length > 0 ? [...notes, ''] : []),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
