import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { type ServiceManager, startServiceManager } from '../../test/support/service-manager.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { Figures } from '../kit/figures.ts';
import type { Stage } from '../kit/scenario.ts';
import { print, Terminal } from '../kit/terminal.ts';
import { EventStore } from './event-store.ts';
import { Notes, type Produced } from './produced.ts';
import { type Result, ResultStream } from './results.ts';
import { answerOf, EVENTS, environment, RESULTS, standIn, startCollector, startServers } from './services.ts';

/** What spoils V2. */
export interface Faults {
  errors?: boolean;
  delayMs?: number;
}

/** Tapio: a collector, two engines, and what stands between them. */
export class World {
  readonly terminal: Terminal;
  readonly figures: Figures;
  readonly folder: string;
  readonly flags: string;
  readonly store: EventStore;
  private readonly notes: Notes;
  private readonly streams: Record<'effective' | 'shadow', ResultStream>;
  private readonly redis: Redis;
  private readonly manager: ServiceManager;
  private readonly collector: ChildProcess;

  private constructor(stage: Stage, parts: Parts) {
    this.figures = stage.figures;
    this.folder = stage.folder;
    this.flags = join(stage.folder, 'flags.yaml');
    this.terminal = parts.terminal;
    this.redis = parts.redis;
    this.manager = parts.manager;
    this.collector = parts.collector;
    this.store = parts.store;
    this.notes = new Notes(join(stage.folder, 'produced.ndjson'));
    this.streams = {
      effective: new ResultStream(parts.redis, RESULTS),
      shadow: new ResultStream(parts.redis, `${RESULTS}:shadow`),
    };
  }

  /** Starts the servers and the collector; the engines are there, and not running. */
  static async open(stage: Stage): Promise<World> {
    const { folder, onEnd } = stage;
    const [server, postgres, port] = await startServers(onEnd);
    const database = await postgres.createDatabase();
    const store = await EventStore.open(database);
    onEnd(() => store.close());
    const env = environment(folder, { redis: server.url, database, port });
    const manager = await startServiceManager({
      units: {
        'tapio-engine-v1.service': { argv: [process.execPath, standIn('engine-v1')], env },
        'tapio-engine-v2.service': {
          argv: [process.execPath, standIn('engine-v2')],
          env,
          envFile: join(folder, 'v2.env'),
        },
      },
    });
    onEnd(() => manager.dispose());
    const collector = startCollector(env);
    onEnd(async () => collector.kill('SIGKILL'));
    await answerOf(collector);
    const terminal = new Terminal({
      settings: {
        TAPIO_REDIS_URL: server.url,
        TAPIO_STORE_URL: database,
        TAPIO_V2_URL: `http://127.0.0.1:${port}`,
      },
      hidden: { PATH: `${manager.binFolder}:${process.env.PATH}`, XDG_STATE_HOME: join(folder, 'state') },
      cwd: folder,
    });
    onEnd(() => terminal.close());
    const redis = new Redis(server.url);
    onEnd(async () => redis.disconnect());
    return new World(stage, { terminal, redis, manager, collector, store });
  }

  /** `systemctl start|stop UNIT`, typed by somebody. */
  async systemctl(verb: 'start' | 'stop', unit: string): Promise<void> {
    print(`$ systemctl ${verb} ${unit}`);
    const { manager } = this;
    await promisify(execFile)(join(manager.binFolder, 'systemctl'), [verb, unit], { env: manager.env });
  }

  /** Which version of V2 the next start brings up. */
  install(bound: 'above' | 'atLeast'): void {
    writeFileSync(join(this.folder, 'v2.env'), `BOUND=${bound}\n`);
  }

  /** SIGSTOP or SIGCONT to an engine. */
  async signal(engine: 'v1' | 'v2', name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const pid = await this.manager.pidOf(`tapio-engine-${engine}.service`);
    if (pid === null) throw new Error(`engine ${engine} does not run`);
    process.kill(pid, name);
  }

  /** Has the collector send events, and waits until they are taken; returns them as it has noted them. */
  async burst(what: {
    count?: number;
    category?: string;
    namespace?: string;
    events?: object[];
  }): Promise<Produced[]> {
    const before = this.produced().length;
    await this.tell('burst', what);
    return this.produced().slice(before);
  }

  /** Waits until each of them, or each that was sent, has its result. */
  async settled(ids: string[] = this.produced().map(({ id }) => id)): Promise<Map<string, Result>> {
    return waitFor(
      async () => {
        const results = new Map((await this.results()).map((result) => [result.eventId, result]));
        return ids.every((id) => results.has(id)) ? results : undefined;
      },
      { what: 'a result of each event', timeoutMs: 30_000, everyMs: 50 },
    );
  }

  /** The same events once they have results, with the engine that has worked on each. */
  async worked(events: readonly Produced[]): Promise<(Produced & { engine: string })[]> {
    const results = await this.settled(events.map(({ id }) => id));
    return events.map((event) => ({ ...event, engine: results.get(event.id)!.engine }));
  }

  /** Waits until the collector routes by the flag file as it is now. */
  knowsFlags(): Promise<void> {
    const { routes } = parse(readFileSync(this.flags, 'utf8'));
    return this.tell('knows', [routes.correlation.version ?? 0, routes['correlation-shadow'].version ?? 0]);
  }

  /** Events a second that the collector sends from now on; 0: none, and all are taken. */
  rate(perSecond: number): Promise<void> {
    return this.tell('rate', perSecond);
  }

  spoil(faults: Faults): void {
    writeFileSync(join(this.folder, 'faults.json'), JSON.stringify(faults));
  }

  produced(): readonly Produced[] {
    return this.notes.read();
  }

  /** What those on call were told. */
  paged(): string[] {
    return linesOf(join(this.folder, 'paged.log'));
  }

  /** The results that count, or those of copies. */
  results(of: 'effective' | 'shadow' = 'effective'): Promise<readonly Result[]> {
    return this.streams[of].read();
  }

  /** Ids of what was ever sent to V2. */
  async sentToV2(): Promise<string[]> {
    const entries = await this.redis.xrange(EVENTS, '-', '+');
    return entries.map(([, flat]) => flat[flat.indexOf('id') + 1]!);
  }

  private async tell(order: string, what: unknown): Promise<void> {
    const answer = answerOf(this.collector);
    this.collector.send({ order, what });
    await answer;
  }
}

interface Parts {
  terminal: Terminal;
  redis: Redis;
  manager: ServiceManager;
  collector: ChildProcess;
  store: EventStore;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
