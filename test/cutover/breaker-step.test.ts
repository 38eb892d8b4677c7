import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { lookAtBreakers, type Operation, operateBreaker } from '../../src/breaker/index.ts';
import type { Json, StepWorld } from '../../src/cutover/step.ts';
import { breaker } from '../../src/cutover/steps/breaker.ts';
import { monitor } from '../../src/cutover/steps/monitor.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
let guarded = 0;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis?.close());

/** Of all that a step may touch, what these two do. */
function world(given: Partial<StepWorld> = {}): StepWorld {
  const host = { operator: { by: 'ada', host: 'ops1' }, now: () => new Date('2026-11-22T02:00:00Z') };
  return {
    plan: 'orders',
    host,
    redis: async () => redis,
    redact: (text: string) => text.replaceAll('hush', '***'),
    guard: async () => {
      guarded += 1;
    },
    waiting: () => undefined,
    ...given,
  } as unknown as StepWorld;
}

const operator = { by: 'eve', host: 'ops2', reason: 'vendor is down' };
const operate = (name: string, operation: Operation) => operateBreaker(redis, name, operation, operator);
const look = async (name: string) => (await lookAtBreakers(redis, [name]))[0]!;

/** Takes the step, unless it is so already; gives back what its undo gets. */
async function take(
  given: object,
): Promise<{ params: unknown; memento: Json; already: boolean; undo: () => Promise<string[]> }> {
  const params = breaker.schema.parse(given);
  const already = (await breaker.check(params, world())) === 'done';
  const memento = JSON.parse(JSON.stringify(await breaker.capture(params, world())));
  if (!already) await breaker.apply(params, world(), memento);
  expect(await breaker.check(params, world())).toBe('done');
  const undo = async () => (await breaker.undo!(params, world(), memento)).left ?? [];
  return { params, memento, already, undo };
}

test('a hold is put over a breaker, with who and why, and taken away again', async () => {
  const name = uniqueName('cb');
  const { undo } = await take({ hold: name, state: 'open', for: '1h', reason: 'flip, hush' });
  const { override } = await look(name);
  expect(override).toMatchObject({ mode: 'open', by: 'ada', host: 'ops1', reason: 'flip, ***' });
  expect(override!.untilMs! - override!.sinceMs).toBe(3_600_000);
  await undo();
  expect((await look(name)).override).toBeNull();
  const before = guarded;
  await undo();
  expect(guarded).toBe(before);
});

test('an override that was there comes back with its end and its reason', async () => {
  const name = uniqueName('cb');
  await operate(name, { verb: 'hold', mode: 'observe', forMs: 600_000 });
  const was = (await look(name)).override!;
  for (const given of [{ hold: name, state: 'closed' }, { release: name }]) {
    const { undo } = await take(given);
    expect((await look(name)).override?.mode).not.toBe('observe');
    await undo();
    expect((await look(name)).override).toMatchObject({
      mode: 'observe',
      untilMs: was.untilMs,
      reason: 'vendor is down',
    });
  }
});

test('what somebody has put there meanwhile is left and told', async () => {
  const name = uniqueName('cb');
  const { undo } = await take({ hold: name, state: 'open' });
  await operate(name, { verb: 'hold', mode: 'disabled' });
  expect(await undo()).toEqual([`${name} is held disabled by eve, not by this run`]);
  expect((await look(name)).override?.mode).toBe('disabled');
});

test('a tripped breaker is closed by the undo, and one that was open stays as it was', async () => {
  const [closed, open] = [uniqueName('cb'), uniqueName('cb')];
  await operate(open, { verb: 'trip', forMs: 600_000 });
  const { undo } = await take({ trip: [closed, open], for: '1m' });
  expect((await look(closed)).state).toBe('open');
  await undo();
  expect([(await look(closed)).state, (await look(open)).state]).toEqual(['closed', 'open']);
});

test('a breaker that was reset is open again for the time that was left', async () => {
  const name = uniqueName('cb');
  await operate(name, { verb: 'trip', forMs: 600_000 });
  const was = await look(name);
  const { undo } = await take({ reset: name });
  expect((await look(name)).state).toBe('closed');
  await undo();
  const now = await look(name);
  expect(now.state).toBe('open');
  expect(Math.abs(now.halfOpenAtMs! - was.halfOpenAtMs!)).toBeLessThan(5000);
});

test('a pattern means the breakers that are there, and what is so already is not done again', async () => {
  const prefix = uniqueName('cb');
  for (const nth of [1, 2]) await operate(`${prefix}-${nth}`, { verb: 'hold', mode: 'open' });
  expect((await take({ hold: `${prefix}-*`, state: 'open' })).already).toBe(true);
  const { undo } = await take({ release: `${prefix}-*` });
  await undo();
  expect((await look(`${prefix}-2`)).override?.mode).toBe('open');
});

test('a rehearsal only looks', async () => {
  const name = uniqueName('cb');
  const { text } = await breaker.rehearse!(breaker.schema.parse({ trip: name }), world());
  expect(text).toBe(`only looked at: ${name} is closed`);
  expect((await look(name)).known).toBe(false);
});

test('a name that matches nothing stops the plan beforehand, and one nobody has used is a warning', async () => {
  const found = (names: string) => breaker.preflight!(breaker.schema.parse({ trip: names }), world());
  expect(await found(`${uniqueName('none')}-*`)).toMatchObject([
    { level: 'blocker', code: 'BREAKER_MISSING' },
  ]);
  expect(await found(uniqueName('none'))).toMatchObject([{ level: 'warning', code: 'BREAKER_UNKNOWN' }]);
});

test.each([
  [{ hold: 'a', trip: 'b' }, 'expected one of'],
  [{ reason: 'x' }, 'expected one of'],
  [{ trip: 'a', state: 'open' }, 'expected hold beside it'],
  [{ release: 'a', for: '5m' }, 'expected hold or trip'],
  [{ trip: 'with blank' }, 'expected'],
])('%j is refused', (given, message) => {
  expect(breaker.schema.safeParse(given).error?.issues[0]?.message).toContain(message);
});

test('what a step does and undoes is known before it is taken', () => {
  const params = breaker.schema.parse({ hold: ['a', 'b'], state: 'closed', for: '90m' });
  expect(breaker.outline(params, String)).toMatchObject({
    does: 'hold circuit breaker a, b closed for 1h30m',
    undo: { does: 'give a, b the override back that was there', order: 'plain' },
    repeatable: true,
  });
});

test('monitor watches the checks that it names, and says so while it does', async () => {
  const said: unknown[] = [];
  const watching = world({
    waiting: (reason) => void said.push(reason),
    watch: async (...given) => void said.push(given),
  });
  const params = monitor.schema.parse({ for: '10m', checks: ['lag', 'errors'] });
  expect(monitor.outline(params, String)).toMatchObject({
    undo: 'nothing',
    earliestMs: 600_000,
    repeatable: true,
  });
  expect((await monitor.apply(params, watching, null)).text).toBe('checks lag, errors passed for 10m');
  expect(said).toEqual(['checks lag, errors watched until 02:10:00 UTC', [['lag', 'errors'], 600_000], null]);
});

test('monitor fails with the check that fails, and waits for nothing any more', async () => {
  const said: unknown[] = [];
  const watching = world({
    waiting: (reason) => void said.push(reason),
    watch: () => Promise.reject(new Error('lag failed')),
  });
  await expect(monitor.apply(monitor.schema.parse({ for: '1s' }), watching, null)).rejects.toThrow(
    'lag failed',
  );
  expect(said).toEqual(['all checks watched until 02:00:01 UTC', null]);
});
