import { connectRedis, type RedisConnection, runScript } from '../../src/backends/redis/index.ts';
import { breakerAdmit } from '../../src/backends/redis/scripts/breaker/admit.ts';
import { breakerSync } from '../../src/backends/redis/scripts/breaker/sync.ts';
import { type Operation, operateBreaker } from '../../src/breaker/index.ts';
import { scriptKeys } from '../../src/breaker/keys.ts';
import type { GivenSettings } from '../../src/model/breaker-settings.ts';
import { BREAKER_INDEX, breakerKeys } from '../../src/model/keys.ts';
import type { OwnRedis } from './own-redis.ts';

/** Brings breakers into states, as processes and operators do. */
export interface BreakerStates {
  /** What a process reports; by default of state version 0. */
  report(name: string, counts: object): Promise<void>;
  /** Opens it with `failures` of as many calls. */
  open(name: string, declared?: GivenSettings, failures?: number): Promise<void>;
  halfOpen(name: string): Promise<void>;
  operate(name: string, operation: Operation, reason?: string | null): Promise<void>;
  /** Makes its override as old as that. */
  age(name: string, ms: number): Promise<void>;
}

/** To be called once for a file of tests. */
export function breakerStates(own: OwnRedis): BreakerStates {
  let connected: Promise<RedisConnection> | undefined;
  const redis = () => (connected ??= connectRedis({ url: own.server.url }));
  const report = async (name: string, counts: object) => {
    const request = { instance: 'web-1', version: 0, random: 0, rev: 0, ...counts };
    const { client } = await redis();
    await client.zadd(BREAKER_INDEX, 'GT', Date.now(), name);
    await runScript(client, breakerSync, scriptKeys(await redis(), name), [name, JSON.stringify(request)]);
  };
  const operate = async (name: string, operation: Operation, reason: string | null = null) => {
    await operateBreaker(await redis(), name, operation, { by: 'ada', host: 'ops1', reason });
  };
  return {
    report,
    operate,
    open: (name, declared = { failureThreshold: 5 }, failures = 5) =>
      report(name, { fail: failures, error: 'connect ECONNREFUSED', declared }),
    async halfOpen(name) {
      await operate(name, { verb: 'trip', forMs: 1 });
      const { client } = await redis();
      // The open time is over with the next millisecond of the server.
      for (let state = ''; state !== 'half-open'; ) {
        const request = JSON.stringify({ instance: 'web-1', lease: 'web-1:1', rev: 0 });
        await runScript(client, breakerAdmit, scriptKeys(await redis(), name), [name, request]);
        state = (await client.hget(breakerKeys(name).state, 'state')) ?? '';
      }
    },
    async age(name, ms) {
      const { client } = await redis();
      await client.hset(breakerKeys(name).override, 'since', Date.now() - ms);
    },
  };
}
