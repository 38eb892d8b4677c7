import { runScript } from '../backends/redis/index.ts';
import { mirrorJournal } from '../backends/redis/scripts/cutover/mirror-journal.ts';
import { QctlError } from '../errors.ts';
import { cutoverKeys } from '../model/keys.ts';
import { askRedis, RedisAway } from './door.ts';
import { fenced, isFenced } from './fence.ts';
import type { CutoverHost } from './host.ts';
import type { JournalFile } from './journal-file.ts';
import type { JournalEvent, JournalLine } from './run-types.ts';

/** Who writes: part of every line. */
export interface Writer {
  run: string;
  fence: number;
  by: string;
  host: string;
  pid: number;
}

const BATCH_LINES = 50;
const RETRY_MS = 250;

/**
 * The journal of a run that this process has in hand. A line is on the disk when `append` returns, and goes
 * to Redis behind it, in the same order; where Redis is away it follows later. Lines are written one after
 * the other, whoever writes.
 */
export class Journal {
  readonly path: string;
  /** Every line so far. */
  readonly lines: JournalLine[];
  /** A line that cannot be written to the disk is kept in memory, and in Redis: on the way back nothing waits for a full disk. */
  lenient = false;
  /** Told once where that has happened. */
  onUnwritten: (error: unknown) => void = () => undefined;
  /** Told once where the journal belongs to another process by now. */
  onFenced: (error: unknown) => void = () => undefined;
  /** Told each time that the server has lost lines that it had confirmed. */
  onLost: () => void = () => undefined;
  private readonly texts: string[];
  private sending: Promise<void> | undefined;
  private readonly host: CutoverHost;
  private readonly file: JournalFile | undefined;
  private readonly writer: Writer;
  private mirrored = 0;
  private broken = false;
  private closed = false;
  private fence: unknown;
  private tail: Promise<unknown> = Promise.resolve();
  private pump: Promise<void> | undefined;

  /** @param file absent: nothing is kept, here or in Redis, as before a run has begun */
  constructor(
    host: CutoverHost,
    file: JournalFile | undefined,
    writer: Writer,
    texts: string[] = [],
    lines: JournalLine[] = [],
  ) {
    this.host = host;
    this.file = file;
    this.path = file?.path ?? '';
    this.writer = writer;
    this.texts = texts;
    this.lines = lines;
  }

  /** Number of lines that Redis does not have yet, as far as is known. */
  get lag(): number {
    return this.texts.length - this.mirrored;
  }

  /** Writes a line. Throws FENCED where the run is another process's by now, `failed` where the disk does not take it. */
  append(event: JournalEvent): Promise<JournalLine> {
    const written = this.tail.then(() => this.write(event));
    this.tail = written.catch(() => undefined);
    return written;
  }

  /** Resolves once Redis has every line so far. Throws RedisAway at the first attempt that fails. */
  async flush(): Promise<void> {
    const wanted = this.texts.length;
    while (this.file && this.mirrored < wanted) {
      if (this.fence) throw this.fence;
      await this.sendOnce();
    }
  }

  /** Likewise, and asks whether Redis still has what it had: `onLost` was called where it has not. */
  async verify(): Promise<void> {
    await this.flush();
    if (!this.file) return;
    await this.sendOnce();
    await this.flush();
  }

  async close(): Promise<void> {
    await this.tail;
    this.closed = true;
    await this.pump;
    await this.file?.close();
  }

  private async write(event: JournalEvent): Promise<JournalLine> {
    if (this.fence) throw this.fence;
    const line: JournalLine = {
      v: 1,
      ...this.writer,
      seq: this.texts.length + 1,
      at: this.host.now().toISOString(),
      ...event,
    };
    const text = JSON.stringify(line);
    await this.toDisk(text);
    this.texts.push(text);
    this.lines.push(line);
    if (this.file)
      this.pump ??= this.keepSending().finally(() => {
        this.pump = undefined;
      });
    return line;
  }

  private async toDisk(text: string): Promise<void> {
    if (this.broken && this.lenient) return;
    try {
      await this.file?.append(text);
    } catch (error) {
      // Half a line may stand there: nothing may follow it.
      const first = !this.broken;
      this.broken = true;
      if (!this.lenient) throw error;
      if (first) this.onUnwritten(error);
    }
  }

  private async keepSending(): Promise<void> {
    while (this.mirrored < this.texts.length && !this.fence) {
      try {
        await this.sendOnce();
      } catch {
        if (this.closed || this.fence) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private sendOnce(): Promise<void> {
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
    return this.sending;
  }

  private async send(): Promise<void> {
    const { run, fence } = this.writer;
    const keys = cutoverKeys(run);
    const batch = this.texts.slice(this.mirrored, this.mirrored + BATCH_LINES);
    const [outcome, number] = (await askRedis(this.host, 'copy the journal', ({ client }) =>
      runScript(client, mirrorJournal, [keys.record, keys.journal], [fence, this.mirrored, ...batch]),
    )) as [string, number | string];
    if (outcome === 'ok') this.mirrored += batch.length;
    // The server has lost what it had: all of it again, in order.
    else if (outcome === 'short') {
      this.mirrored = Number(number);
      this.onLost();
    } else this.stop(outcome === 'fenced' ? fenced(run, '') : forked(run, Number(number), this.path));
  }

  private stop(error: QctlError): never {
    const first = !this.fence;
    this.fence = error;
    if (first && isFenced(error)) this.onFenced(error);
    throw error;
  }
}

/** True where it is worth asking again. */
export function isAway(error: unknown): error is RedisAway {
  return error instanceof RedisAway;
}

/** The journal here and its copy in Redis tell different things from a line on. */
export function forked(run: string, line: number, path: string): QctlError {
  return new QctlError(
    'refused',
    `the journal of ${run} here (${path}) and its copy in Redis differ from line ${line} on`,
    {
      code: 'JOURNAL_FORKED',
      hint: [
        'the run was gone on with on another host while this one could not reach Redis',
        `to go on with the copy in Redis, move ${path} away; compare the two first`,
      ],
      details: { run, line },
    },
  );
}
