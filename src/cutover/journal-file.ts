import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { QctlError } from '../errors.ts';
import type { JournalLine } from './run-types.ts';

/** Where the journal of a run stands on this host. */
export function journalPath(stateFolder: string, run: string): string {
  return join(stateFolder, `${run}.jsonl`);
}

/** Whole lines of a journal on this host, as they are written; undefined: there is none. A torn last one is left out. */
export async function readJournalFile(path: string): Promise<string[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
  // What stands behind the last line feed was never said to be written.
  return text.split('\n').slice(0, -1);
}

/**
 * Puts a journal of these lines in place of what is there, and opens it. It is always a new file: a process
 * that was stopped, and replaced meanwhile, goes on writing to the old one, where nobody reads.
 */
export async function replaceJournalFile(path: string, lines: readonly string[]): Promise<JournalFile> {
  const fresh = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(fresh, { force: true });
    // `wx`: never through a link that somebody has put there.
    const file = await open(fresh, 'wx', 0o600);
    await file.writeFile(lines.map((line) => `${line}\n`).join(''));
    await file.sync();
    await rename(fresh, path);
    await syncFolder(dirname(path));
    return new JournalFile(path, file);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined);
    throw unusable(path, error, lines.length > 0);
  }
}

/** A journal that is open for writing, by this process alone. */
export class JournalFile {
  readonly path: string;
  private readonly file: FileHandle;

  constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /** On the disk when it returns. Throws `failed` JOURNAL_UNUSABLE; then nothing must be written any more. */
  async append(line: string): Promise<void> {
    try {
      await this.file.appendFile(`${line}\n`);
      await this.file.datasync();
    } catch (error) {
      throw unusable(this.path, error, true);
    }
  }

  async close(): Promise<void> {
    await this.file.close().catch(() => undefined);
  }
}

/** Reads the lines of a journal; throws `failed` JOURNAL_DAMAGED that names the line where one is not what follows the last. */
export function parseJournal(lines: readonly string[], where: string, run: string): JournalLine[] {
  return lines.map((line, at) => parseLine(line, at + 1, where, run));
}

function parseLine(text: string, number: number, where: string, run: string): JournalLine {
  const damaged = (why: string): QctlError =>
    new QctlError('failed', `line ${number} of the journal of ${run} (${where}) ${why}`, {
      code: 'JOURNAL_DAMAGED',
      hint: [
        'nothing was changed: bring back the file, or move it away to go on with the copy in Redis',
        'the lines before it say what has been done',
      ],
      details: { run, line: number },
    });
  let line: JournalLine;
  try {
    line = JSON.parse(text) as JournalLine;
  } catch {
    throw damaged('is damaged');
  }
  if (line?.v !== 1) throw damaged('was written by another version of qctl');
  if (line.run !== run) throw damaged('belongs to another run');
  if (line.seq !== number || (number === 1 && line.event !== 'run'))
    throw damaged('does not follow the last');
  return line;
}

/** @param begun the run has lines already, which Redis has, too: any folder is good enough to go on from */
function unusable(path: string, error: unknown, begun = false): QctlError {
  const why = (error as Error).message.split(',')[0];
  const run = basename(path, '.jsonl');
  return new QctlError('failed', `cannot keep the journal ${path}: ${why}`, {
    code: 'JOURNAL_UNUSABLE',
    hint: [
      'check who may write there, and the space on the disk',
      'no step is begun without its journal',
      ...(begun
        ? [
            `then to go on: qctl cutover resume ${run}; to go back: qctl rollback ${run}`,
            'at once, with the journal in another folder: set QCTL_STATE_DIR to it, and do the same',
          ]
        : ['in another folder: set QCTL_STATE_DIR to it']),
    ],
    cause: error,
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
