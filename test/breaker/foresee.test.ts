import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  foresee,
  lookAtBreakers,
  type Operation,
  OVERRIDE_MODES,
  operateBreaker,
  type Standing,
} from '../../src/breaker/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;

beforeAll(async () => {
  server = await startRedis();
  redis = await connectRedis({ url: server.url });
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

const settings = fc.record(
  { failureThreshold: fc.integer({ min: 1, max: 9 }), openMs: fc.integer({ min: 100, max: 9000 }) },
  { requiredKeys: [] },
);
const changes = fc.record(
  {
    failureThreshold: fc.option(fc.integer({ min: 1, max: 9 })),
    windowMs: fc.option(fc.integer({ min: 1000, max: 9000 })),
  },
  { requiredKeys: [] },
);
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    verb: fc.constant('trip' as const),
    forMs: optional(fc.constant(5000)),
    declared: optional(settings),
  }),
  fc.record({ verb: fc.constant('reset' as const), declared: optional(settings) }),
  fc.record({
    verb: fc.constant('hold' as const),
    mode: fc.constantFrom(...OVERRIDE_MODES),
    // 1 ms is over when the next one comes.
    forMs: optional(fc.constantFrom(1, 60_000)),
    declared: optional(settings),
  }),
  fc.record({ verb: fc.constant('release' as const) }),
  fc.record({ verb: fc.constant('set' as const), changes, declared: optional(settings) }),
);

/** Without its times. */
function timeless({ nowMs, sinceMs, halfOpenAtMs, setAtMs, override, ...rest }: Standing): object {
  return { ...rest, override: override && { ...override, sinceMs: 0, untilMs: 0 } };
}

function timesOf({ sinceMs, halfOpenAtMs, setAtMs, override }: Standing): (number | null)[] {
  return [sinceMs, halfOpenAtMs, setAtMs, override?.sinceMs ?? null, override?.untilMs ?? null];
}

/** A look and the operation are some ms apart, and so are the times that they make. */
function expectSame(foreseen: Standing, next: Standing): void {
  expect(timeless(foreseen)).toEqual(timeless(next));
  timesOf(next).forEach((ms, at) => {
    const expected = timesOf(foreseen)[at]!;
    if (ms === null) expect(expected).toBeNull();
    else {
      expect(ms).toBeGreaterThanOrEqual(expected);
      expect(ms - expected).toBeLessThanOrEqual(next.nowMs - foreseen.nowMs);
    }
  });
}

test('what --dry-run foresees is what Redis then does', async () => {
  let runs = 0;
  const who = { by: 'ann', host: 'desk' };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(operation, fc.option(fc.constant('why'))), { maxLength: 8 }),
      async (steps) => {
        const name = `api-${runs++}`;
        for (const [step, reason] of steps) {
          // An override of 1 ms is over for both or for neither.
          await new Promise((resolve) => setTimeout(resolve, 2));
          const [view] = await lookAtBreakers(redis, [name]);
          const { name: _, known, counts, probesUnderWay, lapsedOverride, ...prior } = view!;
          const foreseen = foresee(prior, step, { ...who, reason });
          const { next } = await operateBreaker(redis, name, step, { ...who, reason });
          const shortHold = step.verb === 'hold' && step.forMs === 1;
          if (shortHold) expect(foreseen.override).toMatchObject({ mode: step.mode });
          else expectSame(foreseen, next);
        }
      },
    ),
    { numRuns: 60 },
  );
});
