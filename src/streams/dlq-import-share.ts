import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { importPage } from '../backends/redis/scripts/import-page.ts';
import { QctlError } from '../errors.ts';
import type { Field } from '../model/entry.ts';
import { streamKeys } from '../model/keys.ts';
import { lookPatiently } from './dlq-facts.ts';
import type { ImportShare, PreparedImport } from './dlq-import-plan.ts';
import { refusedReply } from './refused-reply.ts';
import { page, type Work } from './work.ts';

/** What an import has done to one stream. */
export interface ImportedShare extends ImportShare {
  /** By this import. */
  appended: number;
  /** Null where it was not looked at, because something went wrong. */
  lengthNow: number | null;
}

/** An import that is repeated later than this adds everything once more. */
const MARK_LIFETIME_S = 30 * 86_400;
const PAGE = { entries: 500, fields: 20_000, bytes: 1_000_000 };
/** The lines that go to one stream, a page of them in memory. */
export class ImportedLines {
  readonly report: ImportedShare;
  readonly #redis: RedisConnection;
  readonly #work: Work;
  readonly #tell: () => void;
  readonly #keys: [stream: string, mark: string, log: string];
  /** At which number of entries the mark counts as none. */
  readonly #anew: string;
  readonly #name: string;
  #read = 0;
  /** Entries of the export that are in the stream, as far as is known. */
  #there: number;
  #page: Field[][] = [];
  #fields = 0;
  #bytes = 0;
  #number = 0;

  constructor(
    redis: RedisConnection,
    { request, marks }: PreparedImport,
    share: ImportShare,
    work: Work,
    tell: () => void,
  ) {
    const { stream, importedBefore } = share;
    const { key, anewAt } = marks.get(stream)!;
    this.#redis = redis;
    this.#work = work;
    this.#tell = tell;
    this.#name = request.name;
    this.report = { ...share, appended: 0, lengthNow: null };
    this.#keys = [stream, key, streamKeys(stream).operation(randomBytes(8).toString('hex'))];
    this.#anew = anewAt === null ? '' : String(anewAt);
    this.#there = importedBefore;
  }

  /** Returns by how many bytes the memory has grown. */
  async add(fields: Field[]): Promise<number> {
    this.#read += 1;
    if (this.#read <= this.#there) return 0;
    const bytes = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    this.#page.push(fields);
    this.#fields += fields.length;
    this.#bytes += bytes;
    const { entries, fields: most, bytes: mostBytes } = PAGE;
    const full = this.#page.length >= entries || this.#fields >= most || this.#bytes >= mostBytes;
    return full ? bytes + (await this.flush()) : bytes;
  }

  /** Appends what is in memory. Returns by how many bytes it has grown: a number below 0. */
  async flush(): Promise<number> {
    const bytes = this.#bytes;
    while (this.#page.length > 0) await this.#send();
    [this.#fields, this.#bytes] = [0, 0];
    return bytes === 0 ? 0 : -bytes;
  }

  async end(): Promise<void> {
    await this.flush();
    const [stream, , log] = this.#keys;
    await this.#redis.client.del(log).catch(() => 0);
    this.report.lengthNow = (await lookPatiently(this.#redis, stream, this.#work))?.length ?? 0;
  }

  async #send(): Promise<void> {
    this.#work.signal.throwIfAborted();
    const [stream] = this.#keys;
    this.#number += 1;
    // Once begun anew the mark comes to the same number again on its way.
    const anew = this.#there === 0 ? this.#anew : '';
    const entries = this.#page.flatMap((fields) => [2 * fields.length, ...fields.flat()]);
    const args = [this.#number, this.#there, MARK_LIFETIME_S, anew, ...entries];
    const [state, at, trouble] = (await page(this.#redis, this.#work, `append to ${stream}`, () =>
      runScript(this.#redis.client, importPage, this.#keys, args),
    )) as ['ok' | 'moved', number, string];
    const done = at - this.#there;
    if (done < 0) throw markLost(this.#name, stream);
    if (state === 'ok') this.report.appended += done;
    else this.report.importedBefore += done;
    this.#there = at;
    this.#page = this.#page.slice(done);
    this.#tell();
    if (trouble !== '') throw refusedReply(this.#redis, `append to stream ${stream}`, trouble);
  }
}

function markLost(name: string, stream: string): QctlError {
  return new QctlError(
    'failed',
    `the note of how much of ${name} is in ${stream} was set back by somebody else`,
    {
      code: 'IMPORT_MARK_LOST',
      hint: [
        'is another import of it with --again under way?',
        'see what is in the dead-letter stream first',
      ],
      details: { stream },
    },
  );
}
