import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript, toTargetError } from '../backends/redis/index.ts';
import { replayPage } from '../backends/redis/scripts/replay-page.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { Pace } from '../model/pace.ts';
import type { DeadLetter } from './dlq-letter.ts';
import {
  type Destination,
  destinationOf,
  type PreparedReplay,
  type ReplayRequest,
} from './dlq-replay-plan.ts';
import { chooseDeadLetters } from './dlq-scan.ts';
import type { ChosenShare } from './dlq-survey.ts';
import { page, type Work } from './work.ts';

/** What a replay has done. Its counts are exact, also where connections broke on the way. */
export interface ReplayReport {
  /** As planned. */
  chosen: number;
  replayed: number;
  targets: { stream: string; replayed: number }[];
  /** Somebody else had replayed or deleted them by the time they were due. */
  gone: number;
  /** Replayed with their retry counter as it was, since it is no number. */
  retryCountKept: number;
  /** Still there: they have too many fields for a script. */
  tooManyFields: number;
  /** The first of them. */
  tooManyFieldsIds: string[];
  /** Of the ids asked for: they were not there from the start. */
  missing: number;
  /** Chosen and still there. */
  left: number;
  /** Where chosen ids have gone; null where none were named. */
  moves: { stream: string; id: string; to: string; newId: string }[] | null;
  /** True where the operator stopped it before the end. */
  stopped: boolean;
  elapsedMs: number;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

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

/**
 * Puts the chosen dead letters back, each appended and deleted in one step: a killed or a second replay
 * loses and doubles nothing. What dies again meanwhile is not taken up. Never throws for what happened on
 * the way, see {@link ReplayReport.failure}.
 */
export async function replayDeadLetters(
  redis: RedisConnection,
  prepared: PreparedReplay,
  work: Work,
  onProgress?: (report: Readonly<ReplayReport>) => void,
): Promise<ReplayReport> {
  const startedAt = performance.now();
  const run = new Replay(redis, prepared, work, onProgress);
  const { report } = run;
  try {
    for (const share of prepared.survey.shares) await run.share(share);
  } catch (error) {
    if (isQctlError(error)) report.failure = error;
    else if (work.signal.aborted) report.stopped = true;
    else throw error;
  }
  // What was planned and never came up was gone before its page was looked at.
  const unseen = report.chosen - report.replayed - report.tooManyFields - report.gone;
  if (report.stopped || report.failure) report.left = unseen;
  else report.gone += unseen;
  report.left += report.tooManyFields;
  report.elapsedMs = Math.round(performance.now() - startedAt);
  return report;
}

class Replay {
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
  async share({ dead, chosen, lastId }: ChosenShare): Promise<void> {
    if (lastId === null) return;
    const choice = { ...this.#request.choice, limit: chosen };
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
    if (trouble !== '') throw refusal(this.#redis, to, trouble);
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

function refusal(redis: RedisConnection, to: string, trouble: string): QctlError {
  const error = new Error(trouble.replace(/^ERR (?=[A-Z]+ )/, ''));
  return toTargetError(error, redis.label, `append to stream ${to}`);
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
