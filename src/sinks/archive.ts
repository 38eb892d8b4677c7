import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type HeadLine,
  packMember,
  parseHeadLine,
  scanArchive,
  unpackAt,
} from '../backends/archive/index.ts';
import { QctlError } from '../errors.ts';
import type { Message } from '../model/message.ts';
import { messageToJson } from '../model/message-json.ts';

/** Whose messages an archive holds. */
export interface ArchiveOwner {
  run: string;
  /** Label of the source, for people. */
  source: string;
}

interface Waiting {
  lines: string;
  count: number;
  written: () => void;
  failed: (error: unknown) => void;
}

/** Lines packed into one member at most: what is held in memory while it is compressed. */
const MEMBER_CHARS = 16 * 1024 * 1024;

/**
 * Keeps every message in a file before the source lets go of it: NDJSON in gzip, for the owner's eyes
 * alone. What several workers bring at once goes into one member and one sync of the disk. Once a write
 * has failed every later one fails with it, so that nothing is settled which is not in the file.
 */
export class ArchiveSink {
  readonly path: string;
  /** Messages written by this process. */
  messages = 0;
  private readonly file: FileHandle;
  private readonly waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private failure: unknown;
  private at: number;

  private constructor(path: string, file: FileHandle, at: number) {
    this.path = path;
    this.file = file;
    this.at = at;
  }

  /**
   * Begins the file, or goes on behind what the same run has written; a member that a crash has cut off
   * is taken away first: none of its messages was settled.
   *
   * @throws QctlError `refused` ARCHIVE_OF_OTHER_RUN where the file holds anything else, `failed`
   * ARCHIVE_FAILED where it cannot be written
   */
  static async open(path: string, owner: ArchiveOwner, now: Date): Promise<ArchiveSink> {
    let file: FileHandle | undefined;
    try {
      file = await openOrCreate(path);
      const [archive, at] = await placeIn(file, path, owner.run);
      await file.truncate(at);
      const head: HeadLine = {
        type: 'archive',
        version: 1,
        archive: archive ?? randomUUID(),
        ...owner,
        startedAt: now.toISOString(),
      };
      const sink = new ArchiveSink(path, file, at);
      // An archive of nothing is one as well.
      await sink.writeMember(`${JSON.stringify(head)}\n`, 0);
      return sink;
    } catch (error) {
      await file?.close();
      throw cannotWrite(path, error);
    }
  }

  /** Throws what {@link open} would throw of a file that is there. Creates and changes nothing. */
  static async check(path: string, run: string): Promise<void> {
    try {
      await access(dirname(path), constants.W_OK);
      const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      if (!file) return;
      try {
        await placeIn(file, path, run);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  /** Returns once the messages are on the disk. Batches become durable in the order of the calls. */
  write(messages: Message[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve();
    const lines = messages.map(
      (message) => `${JSON.stringify({ type: 'message', message: messageToJson(message) })}\n`,
    );
    return new Promise((written, failed) => {
      this.waiting.push({ lines: lines.join(''), count: messages.length, written, failed });
      this.writing ??= this.writeAll();
    });
  }

  async close(): Promise<void> {
    await this.writing;
    await this.file.close();
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.take();
      try {
        if (this.failure !== undefined) throw this.failure;
        const count = batch.reduce((sum, one) => sum + one.count, 0);
        await this.writeMember(batch.map(({ lines }) => lines).join(''), count);
        for (const { written } of batch) written();
      } catch (error) {
        this.failure ??= cannotWrite(this.path, error);
        for (const { failed } of batch) failed(this.failure);
      }
    }
    this.writing = undefined;
  }

  /** What is waiting, up to a bound: at least one, never all of a crowd of large ones. */
  private take(): Waiting[] {
    let chars = 0;
    let count = 0;
    while (
      count < this.waiting.length &&
      (count === 0 || chars + this.waiting[count]!.lines.length <= MEMBER_CHARS)
    ) {
      chars += this.waiting[count]!.lines.length;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private async writeMember(lines: string, count: number): Promise<void> {
    const member = await packMember(Buffer.from(lines), count);
    await writeFully(this.file, member, this.at);
    await this.file.datasync();
    this.at += member.length;
    this.messages += count;
  }
}

async function writeFully(file: FileHandle, data: Buffer, at: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    done += (await file.write(data, done, data.length - done, at + done)).bytesWritten;
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx+', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return open(path, 'r+');
  }
}

/** Where to go on, and the name of the archive; without a name it begins here. */
async function placeIn(file: FileHandle, path: string, run: string): Promise<[string | undefined, number]> {
  const info = await file.stat();
  if (!info.isFile()) throw occupied(path, 'it is no file');
  if (info.size === 0) return [undefined, 0];
  const scan = await scanArchive(file);
  if (!scan) throw occupied(path, 'it holds something else');
  if (scan.wholeBytes > 0) {
    const lines = await unpackAt(file, 0, scan.firstBytes);
    const head = parseHeadLine(lines?.subarray(0, lines.indexOf(0x0a)).toString() ?? '');
    if (head?.run !== run) throw occupied(path, `it is the archive of run ${head?.run ?? 'unknown'}`);
    return [head.archive, scan.wholeBytes];
  }
  // A first member that was never whole: nothing of it was settled.
  return [undefined, 0];
}

function occupied(path: string, why: string): QctlError {
  return new QctlError('refused', `--archive ${path}: the file exists and ${why}; it is left as it is`, {
    code: 'ARCHIVE_OF_OTHER_RUN',
    hint: ['name another file'],
    details: { path },
  });
}

function cannotWrite(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new QctlError('failed', `cannot write the archive ${path}: ${code}; nothing more was settled`, {
    code: 'ARCHIVE_FAILED',
    hint: [
      'check that the folder exists and may be written to, and that there is room',
      'then the same command goes on where it stopped',
    ],
    details: { path },
    cause: error,
  });
}
