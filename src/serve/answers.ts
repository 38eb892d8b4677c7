import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { redactText } from '../config/redact.ts';
import type { Overview, Seen, Snapshot, SnapshotPart } from '../overview/index.ts';
import { digestOf } from './access/compare.ts';
import { HttpError } from './errors.ts';

/** One answer as bytes: made once for a look, however many ask. */
export interface Answer {
  body: Buffer;
  type: string;
  etag: string;
  /** Made when the first asks for it. */
  gzip?: Promise<Buffer>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const WORTH_GZIP = 1400;

/** Answers that come from the newest look, each made at most once a look. */
export class Answers {
  readonly #overview: Pick<Overview, 'seen' | 'first'>;
  #seen: Seen = { snapshot: null, away: null };
  #stamp = '';
  #made = new Map<string, Promise<Answer>>();

  constructor(overview: Pick<Overview, 'seen' | 'first'>) {
    this.#overview = overview;
  }

  /** The newest look that has succeeded; waits for the first one. Throws 503 where none has yet. */
  async snapshot(): Promise<Snapshot> {
    await this.#refresh();
    const { snapshot, away } = this.#seen;
    if (snapshot === null) throw nothingSeen(away?.why);
    return snapshot;
  }

  /**
   * Some fields of the snapshot, under when they were seen and since when nothing newer can be had.
   *
   * @param part which of the parts that could not be looked at concerns them
   */
  async fields(names: readonly (keyof Snapshot)[], part?: SnapshotPart): Promise<Answer> {
    const snapshot = await this.snapshot();
    return this.#make(names.join(), JSON_TYPE, () => {
      const { epoch, seq, at, intervalMs } = snapshot;
      const missing = snapshot.missing.find((one) => one.part === part)?.why ?? null;
      const chosen = Object.fromEntries(names.map((name) => [name, snapshot[name]]));
      return JSON.stringify({ epoch, seq, at, intervalMs, away: this.#away(), missing, ...chosen });
    });
  }

  /** The whole of it. */
  async whole(): Promise<Answer> {
    const snapshot = await this.snapshot();
    return this.#make('whole', JSON_TYPE, () => JSON.stringify({ snapshot, away: this.#away() }));
  }

  /** A text that is made of the newest look, whether it succeeded or not. */
  async text(name: string, type: string, make: (seen: Seen) => string | Promise<string>): Promise<Answer> {
    await this.#refresh();
    return this.#make(name, type, () => make(this.#seen));
  }

  async #refresh(): Promise<void> {
    await this.#overview.first().catch(() => undefined);
    const seen = this.#overview.seen();
    if (this.#stamp === stampOf(seen)) return;
    this.#stamp = stampOf(seen);
    this.#seen = { ...seen };
    this.#made = new Map();
  }

  #make(name: string, type: string, text: () => string | Promise<string>): Promise<Answer> {
    let answer = this.#made.get(name);
    if (!answer) {
      const etag = `W/"${digestOf(`${name} ${this.#stamp}`).toString('base64url').slice(0, 22)}"`;
      answer = (async () => ({ body: Buffer.from(await text()), type, etag }))();
      this.#made.set(name, answer);
    }
    return answer;
  }

  #away(): Seen['away'] {
    const { away } = this.#seen;
    return away && { ...away, why: redactText(away.why) };
  }
}

/** The same for the same look. */
function stampOf({ snapshot, away }: Seen): string {
  return JSON.stringify([snapshot?.epoch, snapshot?.seq, away?.since, away?.why]);
}

function nothingSeen(why = 'nothing has been looked at yet'): HttpError {
  return new HttpError(503, 'NOTHING_SEEN', `nothing is known yet: ${redactText(why)}`, {
    hint: ['it is looked at again and again: ask later'],
  });
}

const zip = promisify(gzip);

/** Sends it, or says that the caller has it already. */
export async function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
): Promise<FastifyReply> {
  reply
    .header('etag', answer.etag)
    .header('cache-control', 'private, no-cache')
    .header('vary', 'accept-encoding');
  if (isKnown(request.headers['if-none-match'], answer.etag)) return reply.code(304).send();
  reply.type(answer.type);
  if (answer.body.length < WORTH_GZIP || !takesGzip(request)) return reply.send(answer.body);
  answer.gzip ??= zip(answer.body, { level: constants.Z_BEST_SPEED });
  return reply.header('content-encoding', 'gzip').send(await answer.gzip);
}

/** Whether an `If-None-Match` names it. */
export function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const plain = (text: string) => text.trim().replace(/^W\//, '');
  return header.split(',').some((one) => plain(one) === plain(etag));
}

function takesGzip({ headers }: FastifyRequest): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s|,|$))/.test(String(headers['accept-encoding'] ?? ''));
}
