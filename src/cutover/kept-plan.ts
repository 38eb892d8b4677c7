import { parseDocument } from 'yaml';
import type { CutoverHost } from './host.ts';
import { journalPath, readJournalFile } from './journal-file.ts';
import type { CutoverOptions } from './options.ts';
import { readPlan } from './plan/read.ts';
import type { CutoverPlan } from './plan-types.ts';
import { knownRun } from './resume.ts';
import type { JournalLine } from './run-types.ts';

type FirstLine = Extract<JournalLine, { event: 'run' }>;

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
  const { text, path, variables } = read.lines[0] as FirstLine;
  return readPlan({ text, path }, { env: host.env, variables });
}

/** The profile of a run. */
export interface KeptProfile {
  name: string;
  /** False: the plan names it, and of what was in force nothing is known. */
  inForce: boolean;
}

/** The profile that a run was begun with; undefined: none, or it is not known. Throws as `resumeCutover`. */
export async function runProfile(
  host: CutoverHost,
  run: string,
  options: Pick<CutoverOptions, 'stateFolder' | 'withoutRedis'>,
): Promise<KeptProfile | undefined> {
  const { read } = await knownRun({ host, options: options as CutoverOptions }, run);
  return profileOf(read.lines[0] as FirstLine);
}

/** Like {@link runProfile}, where this host has the journal of the run: nothing is connected yet. */
export async function keptProfile(stateFolder: string, run: string): Promise<KeptProfile | undefined> {
  const [first] = (await readJournalFile(journalPath(stateFolder, run)).catch(() => undefined)) ?? [];
  // What is damaged is told of by whoever reads all of it.
  const line = first === undefined ? undefined : firstLine(first);
  return line && profileOf(line);
}

function firstLine(text: string): FirstLine | undefined {
  try {
    const line = JSON.parse(text) as FirstLine;
    return line?.event === 'run' ? line : undefined;
  } catch {
    return undefined;
  }
}

/** Journals of before this was kept have only what the plan says. */
function profileOf({ profile, text }: FirstLine): KeptProfile | undefined {
  if (typeof profile === 'string') return { name: profile, inForce: true };
  const planned: unknown = parseDocument(text).get('profile');
  return typeof planned === 'string' ? { name: planned, inForce: false } : undefined;
}
