import type { Context } from '../context.ts';
import type { InitResult } from '../init.ts';
import { renderResult } from '../term/render.ts';
import { wrapLines } from '../term/text.ts';
import { saysLook, warningsOf } from './says.ts';

/** Prints what was done and what comes next; with `--dry-run` the file. */
export async function renderInit({ io, options }: Context, result: InitResult): Promise<void> {
  const { path, proposal, tried, writing, needs, next } = result;
  const { dryRun } = options;
  const { outcome, added, text } = writing;
  await renderResult(io, options, {
    type: 'init',
    data: {
      ...{ path, dryRun, outcome, added, profile: proposal.profile },
      found: tried.map(({ lead, look, failure }) => ({
        ...{ kind: lead.kind, from: lead.from, at: look?.at ?? null, says: look ? saysLook(look) : null },
        ...{ warnings: look ? warningsOf(look) : [], problem: failure?.message ?? null },
      })),
      sources: proposal.sources.map(({ name, written }) => ({
        name,
        kind: written.kind,
        stream: written.stream,
      })),
      ...{ needs, next },
      ...(dryRun && { text }),
    },
    table: () => (dryRun ? text : wrapLines(textOf(result), io.stdout.columns)),
  });
}

function textOf({ path, writing: { outcome, added }, needs, next }: InitResult): string {
  const what = {
    written: `wrote ${path}`,
    unchanged: `${path} says all of it already, and is as it was`,
    added: `added to ${path}: ${added.join(', ')}`,
    replaced: `replaced ${path}; the old one is ${path}.bak`,
    left: `${path} is as it was`,
  }[outcome];
  const missing = needs.map(({ name, file }) => `${name}${file === null ? '' : ` (in ${file})`}`);
  const unset = missing.length === 0 ? [] : [`not set in this shell: ${missing.join(', ')}`];
  return [what, ...unset, 'next:', ...next.map((line) => `  ${line}`), ''].join('\n');
}
