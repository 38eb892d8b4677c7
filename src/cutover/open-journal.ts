import { cutoverKeys } from '../model/keys.ts';
import { askRedis } from './door.ts';
import type { CutoverHost } from './host.ts';
import { forked } from './journal.ts';
import { journalPath, parseJournal, readJournalFile } from './journal-file.ts';
import type { JournalLine } from './run-types.ts';

/** A journal as it was read: nothing is open, nothing was changed. */
export interface ReadJournal {
  path: string;
  texts: string[];
  lines: JournalLine[];
  /** Redis has it, or the beginning of it. */
  mirrored: boolean;
}

/**
 * Reads the journal of a run, from this host and from Redis: the longer one counts where it begins with the
 * other. Undefined where neither has one. Throws `failed` JOURNAL_DAMAGED, `refused` JOURNAL_FORKED.
 *
 * @param withoutRedis reads only what this host has
 */
export async function readJournal(
  host: CutoverHost,
  stateFolder: string,
  run: string,
  { withoutRedis = false } = {},
): Promise<ReadJournal | undefined> {
  const path = journalPath(stateFolder, run);
  const here = await readJournalFile(path);
  // A damaged file is told as such, not as a fork.
  const lines = here && parseJournal(here, path, run);
  const there = withoutRedis ? [] : await readMirror(host, run);
  if (here && lines && isPrefix(there, here, run, path))
    return here.length > 0 ? { path, texts: here, lines, mirrored: there.length > 0 } : undefined;
  if (there.length === 0) return undefined;
  return { path, texts: there, lines: parseJournal(there, 'in Redis', run), mirrored: true };
}

function readMirror(host: CutoverHost, run: string): Promise<string[]> {
  return askRedis(host, 'read the journal', ({ client }) => client.lrange(cutoverKeys(run).journal, 0, -1));
}

/** True where `here` is as long as `there` or longer. */
function isPrefix(there: string[], here: string[], run: string, path: string): boolean {
  const common = Math.min(there.length, here.length);
  for (let i = 0; i < common; i += 1) if (there[i] !== here[i]) throw forked(run, i + 1, path);
  return here.length >= there.length;
}
