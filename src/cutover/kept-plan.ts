import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { CutoverHost } from './host.ts';
import { journalPath, readJournalFile } from './journal-file.ts';
import { knownRun, sameRun } from './known-run.ts';
import { draftOf } from './open-session.ts';
import type { CutoverOptions } from './options.ts';
import { readPlan } from './plan/read.ts';
import type { CutoverPlan } from './plan-types.ts';
import type { CutoverStatus, FirstLine } from './run-types.ts';
import { asSeen, findRun } from './store.ts';

/** What of the options counts where a journal is only read. */
type Reading = Pick<CutoverOptions, 'stateFolder' | 'withoutRedis'>;

/**
 * The plan that a run was begun with, from its journal: its file may have changed since, or stand on another host.
 * Secret variables are read anew from the environment. Throws as `resumeCutover`.
 */
export async function keptPlan(host: CutoverHost, run: string, options: Reading): Promise<CutoverPlan> {
  const { text, path, variables } = await firstOf(host, run, options);
  return readPlan({ text, path }, { env: host.env, variables });
}

/** The profile of a run. */
export interface KeptProfile {
  name: string;
  /** False: the plan names it, and of what was in force nothing is known. */
  inForce: boolean;
}

/** The configuration that a run was begun with. */
export interface KeptConfig {
  /** Undefined: none, or it is not known. */
  profile: KeptProfile | undefined;
  /** Absolute paths, the strongest first; undefined: not known. */
  files: string[] | undefined;
}

/** What is kept of the configuration that a run was begun with. Throws as `resumeCutover`. */
export async function runConfig(host: CutoverHost, run: string, options: Reading): Promise<KeptConfig> {
  return configOf(await firstOf(host, run, options));
}

async function firstOf(host: CutoverHost, run: string, options: Reading): Promise<FirstLine> {
  const { read } = await knownRun({ host, options: options as CutoverOptions }, run);
  return read.lines[0] as FirstLine;
}

/** Like {@link runConfig}, where this host has the journal of the run: nothing is connected yet. */
export async function keptConfig(stateFolder: string, run: string): Promise<KeptConfig | undefined> {
  const [first] = (await readJournalFile(journalPath(stateFolder, run)).catch(() => undefined)) ?? [];
  // What is damaged is told of by whoever reads all of it.
  const line = first === undefined ? undefined : firstLine(first);
  return line && configOf(line);
}

function firstLine(text: string): FirstLine | undefined {
  try {
    const line = JSON.parse(text) as FirstLine;
    return line?.event === 'run' ? line : undefined;
  } catch {
    return undefined;
  }
}

function configOf(first: FirstLine): KeptConfig {
  return { profile: profileOf(first), files: first.files };
}

/** Journals of before this was kept have only what the plan says. */
function profileOf({ profile, text }: FirstLine): KeptProfile | undefined {
  if (typeof profile === 'string') return { name: profile, inForce: true };
  const planned: unknown = parseDocument(text).get('profile');
  return typeof planned === 'string' ? { name: planned, inForce: false } : undefined;
}

/**
 * Looks at a run; as its journal tells it where Redis has lost what it knew, and nobody is at work on it then.
 * Throws as `resumeCutover`.
 */
export async function keptStatus(
  host: CutoverHost,
  run: string,
  plan: CutoverPlan,
  options: CutoverOptions,
): Promise<CutoverStatus> {
  const record = await findRun(host, run);
  if (record) return record.status;
  const call = { plan, host, options, events: {}, signal: new AbortController().signal };
  const { read } = await sameRun(call, run);
  return asSeen(draftOf(call, run, read).status, false);
}

const JOURNAL = '.jsonl';

/** The runs whose journals stand on this host, the newest first. */
export async function keptRuns(stateFolder: string): Promise<string[]> {
  const files = await readdir(stateFolder).catch(() => []);
  const journals = files.filter((name) => name.endsWith(JOURNAL));
  const written = await Promise.all(
    journals.map(async (name) => {
      const facts = await stat(join(stateFolder, name)).catch(() => undefined);
      return { run: name.slice(0, -JOURNAL.length), at: facts?.mtimeMs ?? 0 };
    }),
  );
  return written.sort((one, other) => other.at - one.at).map(({ run }) => run);
}
