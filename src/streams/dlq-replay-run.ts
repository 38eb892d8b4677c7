import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { replayPage } from '../backends/redis/scripts/replay-page.ts';
import { streamKeys } from '../model/keys.ts';
import { Pace } from '../model/pace.ts';
import type { DeadLetter } from './dlq-letter.ts';
import type { ReplayReport } from './dlq-replay.ts';
import {
  type Destination,
  destinationOf,
  type PreparedReplay,
  type ReplayRequest,
} from './dlq-replay-plan.ts';
import { chooseDeadLetters } from './dlq-scan.ts';
import type { ChosenShare } from './dlq-survey.ts';
import { refusedReply } from './refused-reply.ts';
import { page, type Work } from './work.ts';

/** One piece takes Redis some milliseconds. */
const PIECE = { ids: 500, bytes: 2_000_000 };
const MOST_NAMED = 1000;

type PieceReply = [
  seen: number,
  replayed: number,
  gone: number,
  unnumbered: number,
  trouble: string,
  wide: string[],
  moved: string[],
];

/** One replay under way, and its report so far. */
export class Replay {
  readonly report: ReplayReport;
  readonly #redis: RedisConnection;
  readonly #request: ReplayRequest;
  readonly #work: Work;
  readonly #pace: Pace;
  readonly #tell: ((report: Readonly<ReplayReport>) => void) | undefined;
  readonly #byTarget = new Map<string, { stream: string; replayed: number }>();
  readonly #operation = randomBytes(8).toString('hex');
  #number = 0;

  constructor(
    redis: RedisConnection,
    { request, plan }: PreparedReplay,
    work: Work,
    tell?: (report: Readonly<ReplayReport>) => void,
  ) {
    this.#redis = redis;
    this.#request = request;
    this.#work = work;
    this.#tell = tell;
    this.#pace = new Pace(request.ratePerSecond);
    this.report = emptyReport(plan.chosen, plan.missingIds.length, request.choice.ids !== undefined);
  }

  /** Everything of one dead-letter stream that the plan has counted. */
  async share({ dead, lastId }: ChosenShare): Promise<void> {
    if (lastId === null) return;
    const { choice } = this.#request;
    for await (const { letters } of chooseDeadLetters(this.#redis, dead, choice, lastId, this.#work)) {
      for (const { destination, ids } of byDestination(dead, letters, this.#request.to))
        await this.#send(dead.stream, destination, ids);
    }
    await this.#redis.client.del(this.#operationKey(dead.stream)).catch(() => 0);
  }

  #operationKey(source: string): string {
    return streamKeys(source).operation(this.#operation);
  }

  async #send(source: string, { stream, counter }: Destination, ids: string[]): Promise<void> {
    for (let at = 0; at < ids.length; ) {
      const some = ids.slice(at, at + this.#pace.share(Math.min(PIECE.ids, ids.length - at)));
      await this.#pace.pace(some.length, this.#work.signal);
      this.#work.signal.throwIfAborted();
      this.#number += 1;
      const keys = [source, stream!, this.#operationKey(source)];
      const args = [this.#number, counter, PIECE.bytes, this.report.moves ? '1' : '', ...some];
      const reply = (await page(this.#redis, this.#work, `replay from ${source} to ${stream}`, () =>
        runScript(this.#redis.client, replayPage, keys, args),
      )) as PieceReply;
      at += reply[0];
      this.#add(source, stream!, reply);
    }
  }

  #add(source: string, to: string, [, replayed, gone, unnumbered, trouble, wide, moved]: PieceReply): void {
    const { report } = this;
    report.replayed += replayed;
    report.gone += gone;
    report.retryCountKept += unnumbered;
    report.tooManyFields += wide.length;
    report.tooManyFieldsIds.push(...wide.slice(0, MOST_NAMED - report.tooManyFieldsIds.length));
    let target = this.#byTarget.get(to);
    if (!target) {
      target = { stream: to, replayed: 0 };
      this.#byTarget.set(to, target);
      report.targets.push(target);
    }
    target.replayed += replayed;
    for (let at = 0; at < moved.length; at += 2)
      report.moves?.push({ stream: source, id: moved[at]!, to, newId: moved[at + 1]! });
    this.#tell?.(report);
    if (trouble !== '') throw refusedReply(this.#redis, `append to stream ${to}`, trouble);
  }
}

/** Letters that go the same way together, in their order. */
function byDestination(
  dead: ChosenShare['dead'],
  letters: readonly DeadLetter[],
  to: string | undefined,
): { destination: Destination; ids: string[] }[] {
  const groups = new Map<string, { destination: Destination; ids: string[] }>();
  for (const letter of letters) {
    const destination = destinationOf(dead, letter, to);
    const key = `${destination.stream}\0${destination.counter}`;
    const group = groups.get(key) ?? { destination, ids: [] };
    group.ids.push(letter.id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function emptyReport(chosen: number, missing: number, byId: boolean): ReplayReport {
  return {
    chosen,
    replayed: 0,
    targets: [],
    gone: 0,
    retryCountKept: 0,
    tooManyFields: 0,
    tooManyFieldsIds: [],
    missing,
    left: 0,
    moves: byId ? [] : null,
    stopped: false,
    elapsedMs: 0,
    failure: null,
  };
}
