import { parseDocument } from 'yaml';
import type { CutoverHost } from './host.ts';
import { journalPath, readJournalFile } from './journal-file.ts';
import type { CutoverOptions } from './options.ts';
import { readPlan } from './plan/read.ts';
import type { CutoverPlan } from './plan-types.ts';
import { knownRun } from './resume.ts';
import type { JournalLine } from './run-types.ts';

/**
 * The plan that a run was begun with, from its journal: its file may have changed since, or stand on another host.
 * Secret variables are read anew from the environment. Throws as `resumeCutover`.
 */
export async function keptPlan(
  host: CutoverHost,
  run: string,
  options: Pick<CutoverOptions, 'stateFolder' | 'withoutRedis'>,
): Promise<CutoverPlan> {
  const { read } = await knownRun({ host, options: options as CutoverOptions }, run);
  const { text, path, variables } = read.lines[0] as Extract<JournalLine, { event: 'run' }>;
  return readPlan({ text, path }, { env: host.env, variables });
}

/** The profile that the plan of a run names, where this host has its journal: nothing is connected yet. */
export async function keptProfile(stateFolder: string, run: string): Promise<string | undefined> {
  const [first] = (await readJournalFile(journalPath(stateFolder, run)).catch(() => undefined)) ?? [];
  if (first === undefined) return undefined;
  const { text } = JSON.parse(first) as Extract<JournalLine, { event: 'run' }>;
  const profile: unknown = parseDocument(text).get('profile');
  return typeof profile === 'string' ? profile : undefined;
}
