import type { RedisConnection } from '../backends/redis/index.ts';
import { type CutoverStatus, listCutovers } from '../cutover/index.ts';
import { listRuns, type RunStatus } from '../drain/index.ts';
import {
  type ManyFacts,
  type StreamFacts,
  serverTimeMs,
  type WaitingFacts,
  waitingFacts,
} from '../streams/index.ts';
import { breakerRows } from './breaker-rows.ts';
import { type DeadLetterLook, deadLetterRows } from './dead-letter-rows.ts';
import { Discovery, type Names } from './discovery.ts';
import type { OverviewConfig, OverviewDoors } from './doors.ts';
import { Kept } from './kept.ts';
import { Missing } from './missing.ts';
import { Moves } from './moves.ts';
import type { OverviewOptions } from './overview.ts';
import { QuietStreams } from './quiet.ts';
import type { Counter } from './rates.ts';
import { routeRows } from './route-rows.ts';
import { lookAtServer, type ServerLook, serverLook } from './server-part.ts';
import type { RouteRow, Snapshot, StreamRow } from './snapshot.ts';
import { Stages } from './stages.ts';
import { streamRow } from './stream-rows.ts';

/** The newest so many. */
const MOST_RUNS = 20;
const MOST_CUTOVERS = 20;

const NO_LETTERS: DeadLetterLook = { rows: [], denied: [], added: new Map() };

/** What one look gives; the rest of a snapshot is known to whoever has it done. */
export type Look = Omit<Snapshot, 'epoch' | 'seq' | 'intervalMs' | 'tookMs'>;

/** Does one look after the other, and keeps between them what the next needs. */
export class Looker {
  readonly #doors: OverviewDoors;
  readonly #options: Required<Pick<OverviewOptions, 'intervalMs' | 'memory'>>;
  readonly #discovery: Discovery;
  readonly #moves: Moves;
  readonly #quiet = new QuietStreams();
  readonly #stages = new Stages();
  /** Of the look before. */
  #facts: ReadonlyMap<string, StreamFacts> = new Map();
  #dead: ReadonlyMap<string, Counter> = new Map();
  readonly #kept = {
    waiting: new Kept<(stream: string) => WaitingFacts>(),
    runs: new Kept<RunStatus[]>(),
    cutovers: new Kept<CutoverStatus[]>(),
    routes: new Kept<{ rows: RouteRow[]; failures: unknown[] }>(),
  };
  #server: ServerLook | undefined;

  constructor(
    doors: OverviewDoors,
    options: Required<Pick<OverviewOptions, 'intervalMs' | 'memory' | 'maxStreams'>> &
      Pick<OverviewOptions, 'match'>,
  ) {
    this.#doors = doors;
    this.#options = options;
    this.#discovery = new Discovery({ match: options.match, most: options.maxStreams });
    this.#moves = new Moves(doors);
  }

  /**
   * Throws where Redis is away, or refuses the login, and what the configuration throws.
   *
   * @param heard called with each answer of Redis
   */
  async look(heard: () => void): Promise<Look> {
    const [redis, config] = await Promise.all([this.#doors.redis(), this.#doors.config()]);
    const missing = new Missing(redis, heard);
    const unknown = serverLook(redis, []);
    const [server, nowMs] = await Promise.all([
      missing.unless('redis', unknown, () => lookAtServer(redis)),
      serverTimeMs(redis),
    ]);
    if (server.runId === null && missing.all.length === 0)
      missing.note('redis', 'this user may not run INFO');
    const hitRatio = this.#compare(server);
    const names = await this.#discovery.names(redis, config);
    const { streams, rows } = await this.#streams(redis, names, missing, nowMs, heard);
    const denied = new Set(streams?.denied);
    const parts = await this.#parts(redis, config, names, rows, nowMs, missing);
    return {
      ...parts,
      at: new Date(nowMs).toISOString(),
      missing: missing.all,
      redis: { ...server.row, hitRatio },
      streams: rows,
      streamsLeftOut: names.leftOut + denied.size,
      moves: this.#moves.rows(config, streams && rows, denied),
    };
  }

  /** Resolves once nothing is under way beside the looks. */
  async settled(): Promise<void> {
    await this.#moves.settled();
  }

  /** What is kept of a server that began anew says nothing. Returns the hit ratio since the last look. */
  #compare(server: ServerLook): number | null {
    const before = this.#server;
    this.#server = server;
    if (before && before.runId !== server.runId) {
      this.#facts = new Map();
      this.#dead = new Map();
      this.#quiet.forget();
      this.#stages.forget();
      this.#discovery.forget();
      for (const kept of Object.values(this.#kept)) kept.forget();
      return null;
    }
    if (!before?.lookups || !server.lookups) return null;
    const hits = server.lookups.hits - before.lookups.hits;
    const misses = server.lookups.misses - before.lookups.misses;
    return hits < 0 || misses < 0 || hits + misses === 0 ? null : hits / (hits + misses);
  }

  async #streams(
    redis: RedisConnection,
    names: Names,
    missing: Missing,
    nowMs: number,
    heard: () => void,
  ): Promise<{ streams: ManyFacts | undefined; rows: StreamRow[] }> {
    if (names.failure !== undefined) missing.noteSome('streams', [names.failure]);
    const { memory, intervalMs } = this.#options;
    const streams = await missing.unless('streams', undefined, () =>
      this.#quiet.look(redis, names.streams, { memory, heard }),
    );
    if (streams?.facts.length === 0 && streams.denied.length > 0)
      missing.noteSome(
        'streams',
        streams.denied.map((name) => `this user may not read ${name}`),
      );
    const waiting = await missing.unless('streams', undefined, () =>
      this.#kept.waiting.get(intervalMs, () => waitingFacts(redis, names.streams)),
    );
    const rows = (streams?.facts ?? []).map((facts) =>
      streamRow(facts, this.#facts.get(facts.stream), nowMs, waiting?.(facts.stream).waiting ?? null),
    );
    this.#facts = new Map(streams?.facts.map((facts) => [facts.stream, facts]));
    return { streams, rows };
  }

  async #parts(
    redis: RedisConnection,
    config: OverviewConfig,
    names: Names,
    streams: readonly StreamRow[],
    nowMs: number,
    missing: Missing,
  ): Promise<Pick<Look, 'breakers' | 'deadLetters' | 'runs' | 'cutovers' | 'routes' | 'stages'>> {
    const { intervalMs } = this.#options;
    const { runs, cutovers, routes } = this.#kept;
    const noRoutes = { rows: [], failures: [] };
    const [breaking, dead, drains, cut, routed, stages] = await Promise.all([
      missing.unless('breakers', { rows: [], unreadable: [] }, () =>
        breakerRows(redis, Object.keys(config.breakers ?? {})),
      ),
      missing.unless('deadLetters', NO_LETTERS, () =>
        deadLetterRows(redis, names.deadLetters, this.#dead, nowMs),
      ),
      missing.unless('runs', [], () => runs.get(intervalMs, () => listRuns(redis, MOST_RUNS))),
      missing.unless('cutovers', [], () =>
        cutovers.get(intervalMs, () => listCutovers(this.#doors, MOST_CUTOVERS)),
      ),
      missing.unless('routes', noRoutes, () => routes.get(intervalMs, () => routeRows(redis))),
      missing.unless('stages', [], () => this.#stages.rows(redis, streams)),
    ]);
    this.#dead = dead.added;
    const unreadable = breaking.unreadable.map(({ failure }) => failure);
    missing.noteSome('breakers', unreadable);
    const denied = dead.denied.map((name) => `this user may not read ${name}`);
    missing.noteSome('deadLetters', denied);
    missing.noteSome('routes', routed.failures);
    const found = { breakers: breaking.rows, deadLetters: dead.rows, routes: routed.rows };
    return { ...found, runs: drains, cutovers: cut, stages };
  }
}
