import type { Redis } from 'ioredis';
import {
  defineScript,
  type RedisConnection,
  type RedisScript,
  runScript,
} from '../../src/backends/redis/index.ts';
import { breakerAdmit } from '../../src/backends/redis/scripts/breaker/admit.ts';
import { breakerConfigure } from '../../src/backends/redis/scripts/breaker/configure.ts';
import { SERVER_TIME } from '../../src/backends/redis/scripts/breaker/head.ts';
import { breakerHold } from '../../src/backends/redis/scripts/breaker/hold.ts';
import { breakerLook } from '../../src/backends/redis/scripts/breaker/look.ts';
import { breakerRelease } from '../../src/backends/redis/scripts/breaker/release.ts';
import { breakerReset } from '../../src/backends/redis/scripts/breaker/reset.ts';
import { breakerSettle } from '../../src/backends/redis/scripts/breaker/settle.ts';
import { breakerSync } from '../../src/backends/redis/scripts/breaker/sync.ts';
import { breakerTrip } from '../../src/backends/redis/scripts/breaker/trip.ts';
import { scriptKeys } from '../../src/breaker/keys.ts';
import { type Hash, parseSettings, parseShared, toHash } from '../../src/breaker/parse.ts';
import type { Shared } from '../../src/breaker/view.ts';
import { breakerKeys } from '../../src/model/keys.ts';

const STEERED = {
  sync: steered(breakerSync),
  admit: steered(breakerAdmit),
  settle: steered(breakerSettle),
  trip: steered(breakerTrip),
  reset: steered(breakerReset),
  hold: steered(breakerHold),
  release: steered(breakerRelease),
  configure: steered(breakerConfigure),
  look: steered(breakerLook),
};

/** The same script, told what time it is instead of asking the server. */
function steered({ lua }: RedisScript): RedisScript {
  if (!lua.includes(SERVER_TIME)) throw new Error('the script does not read the clock as expected');
  return defineScript(lua.replace(SERVER_TIME, 'local now = q.now'));
}

type Verb = Exclude<keyof typeof STEERED, 'look'>;

/** What stands in Redis for a breaker. */
export interface Standing extends Shared {
  counts: number[];
  leases: Record<string, number>;
}

/** A breaker in Redis whose clock the test turns. */
export class SteeredBreaker {
  private readonly client: Redis;
  private readonly name: string;
  private readonly keys: string[];
  now = 1_800_000_000_000;

  constructor(client: Redis, name: string) {
    this.client = client;
    this.name = name;
    this.keys = scriptKeys({ kind: 'standalone' } as RedisConnection, name);
  }

  /** Runs a script; gives back the state as the script left it, and what stands at the end of its reply. */
  async run(verb: Verb, request: object): Promise<{ state: Hash; last: number }> {
    const args = [this.name, JSON.stringify({ ...request, now: this.now })];
    const reply = (await runScript(this.client, STEERED[verb], this.keys, args)) as unknown[];
    return { state: toHash((reply[1] ?? []) as string[]), last: Number(reply.at(-1)) };
  }

  async standing(): Promise<Standing> {
    const args = [this.name, JSON.stringify({ now: this.now })];
    const reply = (await runScript(this.client, STEERED.look, this.keys, args)) as unknown[];
    const [, state, override, , , ...counts] = reply as [string, string[], string[], string[], number];
    const leases = await this.client.zrange(breakerKeys(this.name).probe, '0', '-1', 'WITHSCORES');
    return {
      ...parseShared(this.now, toHash(state), toHash(override)),
      counts: (counts as string[]).map(Number),
      leases: Object.fromEntries(Object.entries(toHash(leases)).map(([id, until]) => [id, Number(until)])),
    };
  }

  async settings(): Promise<ReturnType<typeof parseSettings>['settings']> {
    return parseSettings(await this.client.hgetall(breakerKeys(this.name).config)).settings;
  }

  async events(): Promise<Hash[]> {
    const entries = await this.client.xrange('qctl:cb:events', '-', '+');
    return entries.map(([, fields]) => toHash(fields)).filter(({ breaker }) => breaker === this.name);
  }
}
