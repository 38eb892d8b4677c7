import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../../src/backends/redis/index.ts';
import type { StepKind, StepWorld } from '../../../src/cutover/step.ts';
import { type RouteStepParams, routeStep } from '../../../src/cutover/steps/route.ts';
import { changeRoute, editRules, RedisRouteStore, type RouteEdit } from '../../../src/routing/index.ts';
import { sharedRedisUrl, uniqueName } from '../../support/shared.ts';

const step = routeStep as unknown as Required<StepKind<RouteStepParams, { prior: null }>>;
let redis: RedisConnection;
let store: RedisRouteStore;
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  store = new RedisRouteStore(redis);
});
afterAll(() => redis.close());

const params = (more: object): RouteStepParams =>
  step.schema.parse({ hold: '0s', ...more }) as RouteStepParams;
const set = (name: string, edit: RouteEdit) =>
  changeRoute(store, name, (prior) => editRules(prior, edit), { by: 'bob@desk', reason: 'mine' });
const percentOf = async (name: string) => (await store.look(name)).route?.percent ?? null;

/** A world in which nothing but the route is real. */
function world(more: Partial<StepWorld> = {}): StepWorld {
  const host = { operator: { by: 'ann', host: 'desk' } };
  return {
    ...{ run: 'r1', plan: 'night', step: 'live/25', rehearsal: false, host },
    redis: async () => redis,
    path: (path: string) => path,
    key: (name: string) => name,
    guard: async () => undefined,
    waiting: () => undefined,
    watch: async () => undefined,
    ...more,
  } as unknown as StepWorld;
}

test('a list is a step for each percentage, each with its hold, undo and variable', () => {
  const steps = step.expand(params({ name: 'orders', percent: [1, '5%', 25], hold: '10m' }));
  expect(steps.map(({ suffix }) => suffix)).toEqual(['1', '5', '25']);
  expect(step.outline(steps[1]!.params, String)).toEqual({
    does: 'send 5% of route orders to the new side, hold for 10m',
    undo: { does: 'set route orders back to what it was before', order: 'plain', timeoutMs: 30_000 },
    repeatable: true,
    earliestMs: 600_000,
    timeoutMs: 630_000,
    asks: null,
    variables: { QCTL_PERCENT: '5' },
  });
  expect(step.expand(params({ name: 'orders', percent: 25 }))[0]!.suffix).toBe(null);
});

test.each([
  [{ percent: 101 }, 'expected a percentage'],
  [{ percent: [5, '5%'] }, 'expected each percentage once'],
  [{ percent: 5, types: { a: 'nwe' } }, ''],
  [{ percent: 5, perzent: 5 }, 'perzent'],
  [{ percent: 5, name: 'a b' }, 'expected a name without blanks'],
])('%j is refused', (more, text) => {
  const result = step.schema.safeParse({ name: 'orders', hold: '1m', ...more });
  expect([result.success, String(result.error)]).toEqual([false, expect.stringContaining(text)]);
});

test('it is set, held under the checks that were asked for, and set back to the whole record', async () => {
  const name = uniqueName();
  await set(name, { percent: 5, types: { audit: 'old' }, keys: { a: 'new' } });
  const asked = params({ name, percent: 25, hold: '1m', checks: ['lag'], types: { audit: 'new' } });
  const watched: unknown[] = [];
  const reasons: (string | null)[] = [];
  const here = world({
    watch: async (...args) => void watched.push([...args, await percentOf(name)]),
    waiting: (reason) => void reasons.push(reason),
  });
  const memento = await step.capture(asked, here);
  const done = await step.apply(asked, here, memento);
  expect(done).toEqual({
    text: `route ${name} is at 25%, was 5%, held for 1m`,
    positions: { percent: 25, version: 2 },
  });
  expect([watched, reasons]).toEqual([
    [[['lag'], 60_000, 25]],
    [`route ${name} is held at 25% for 1m`, null],
  ]);
  expect((await store.look(name)).route).toMatchObject({
    ...{ types: { audit: 'new' }, keys: { a: 'new' }, changedBy: 'ann@desk' },
    reason: 'cutover night, step live/25, run r1',
  });
  expect(await step.undo(asked, here, memento)).toEqual({
    text: `route ${name} is at 5% again`,
    positions: { percent: 5, version: 3 },
  });
  expect((await store.look(name)).route).toMatchObject({ percent: 5, types: { audit: 'old' } });
  expect((await step.undo(asked, here, memento)).text).toBe(
    `route ${name} is at 5%, as it stood there already`,
  );
});

describe('after a crash in the hold', () => {
  test('the hold begins anew, nothing is set twice, and it still goes back to the beginning', async () => {
    const name = uniqueName();
    const asked = params({ name, percent: 25, hold: '1m' });
    expect(await step.check(asked, world())).toBe('undone');
    const memento = await step.capture(asked, world());
    const killed = world({ watch: () => Promise.reject(new Error('killed')) });
    await expect(step.apply(asked, killed, memento)).rejects.toThrow('killed');
    expect(await step.check(asked, world())).toBe('unknown');
    let held = 0;
    const watch = async () => {
      held += 1;
    };
    const again = world({ watch });
    expect((await step.apply(asked, again, memento)).text).toContain('is at 25%, as before');
    expect([held, (await store.look(name)).version]).toEqual([1, 1]);
    await step.undo(asked, world(), memento);
    expect(await store.look(name)).toMatchObject({ route: null, removed: true });
  });

  test('without a hold it is done', async () => {
    const name = uniqueName();
    await set(name, { percent: 25 });
    expect(await step.check(params({ name, percent: 25 }), world())).toBe('done');
  });
});

test('several steps go back one after the other, and nobody is accused of it', async () => {
  const name = uniqueName();
  const steps = step.expand(params({ name, percent: [1, 5, 25] }));
  const mementos: { prior: null }[] = [];
  for (const one of steps) {
    mementos.push(await step.capture(one.params, world()));
    await step.apply(one.params, world(), mementos.at(-1)!);
  }
  for (const at of [2, 1, 0])
    expect((await step.undo(steps[at]!.params, world(), mementos[at]!)).left).toBeUndefined();
  expect(await percentOf(name)).toBeNull();
});

test('what somebody else has set since is overwritten, and said', async () => {
  const name = uniqueName();
  await set(name, { percent: 0 });
  const asked = params({ name, percent: 25 });
  const memento = await step.capture(asked, world());
  await step.apply(asked, world(), memento);
  await set(name, { percent: 80 });
  const { left } = await step.undo(asked, world(), memento);
  expect([await percentOf(name), left]).toEqual([
    0,
    [
      expect.stringContaining(
        'by somebody else since (version 3, set to 80% by bob@desk: mine); that was overwritten: {"percent":80',
      ),
    ],
  ]);
  await redis.client.hset(`qctl:{route:${name}}`, 'percent', 'lots');
  expect((await step.undo(asked, world(), memento)).left).toEqual([
    expect.stringContaining('cannot be read'),
  ]);
  expect(await percentOf(name)).toBe(0);
});

test('a run that another process has taken over changes nothing', async () => {
  const name = uniqueName();
  const asked = params({ name, percent: 25 });
  const lost = world({ guard: () => Promise.reject(new Error('taken over')) });
  await expect(step.apply(asked, lost, { prior: null })).rejects.toThrow('taken over');
  expect(await percentOf(name)).toBeNull();
});

test('a rehearsal touches the names and files of the sandbox alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-flags-'));
  await writeFile(join(folder, 'copy.yaml'), 'routes: {}\n');
  const name = uniqueName();
  const sandbox = world({ key: (one) => `rehearsal:${one}`, path: () => join(folder, 'copy.yaml') });
  await step.apply(params({ name, percent: 25 }), sandbox, { prior: null });
  expect([await percentOf(name), await percentOf(`rehearsal:${name}`)]).toEqual([null, 25]);
  await step.apply(params({ name, percent: 25, file: '/etc/flags.yaml' }), sandbox, { prior: null });
  expect(await readFile(join(folder, 'copy.yaml'), 'utf8')).toContain(`rehearsal:${name}`);
  await rm(folder, { recursive: true });
});

test('what speaks against it is found before anything changes', async () => {
  const name = uniqueName();
  const findings = await step.preflight(params({ name, percent: 25 }), world());
  expect(findings.map(({ code }) => code)).toEqual(['ROUTE_NEW']);
  await redis.client.set(`qctl:{route:${name}}`, 'x');
  const [blocker] = await step.preflight(params({ name, percent: 25 }), world());
  expect(blocker).toMatchObject({ level: 'blocker', code: 'ROUTE_UNREADABLE' });
});
