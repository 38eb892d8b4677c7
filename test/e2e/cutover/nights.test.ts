import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { RollbackStatus } from '../../../src/cutover/index.ts';
import { type Faults, type Night, openNight } from './night.ts';
import { begun, carriedOut, killed, type Outcome } from './outcome.ts';
import { type NightPlan, queuePlan, tablePlan } from './plans.ts';

/** Longer than any of these runs needs until something ends it. */
const ON_WATCH = '10m';

const KINDS = ['postgres', 'sqs'] as const;

describe.concurrent('a night with messages flowing all the time', { timeout: 180_000 }, () => {
  test('sqs: a cutover, and a rollback after it was complete', async (context) => {
    const { night, plan } = await opened('sqs', context);
    const before = await night.outside();
    const done = await carriedOut(night, ['cutover', 'run', night.plan(plan())]);
    expect(done).toMatchObject({ code: 0, report: { state: 'completed' } });
    await night.flowing('new');
    const back = await carriedOut(night, ['rollback', done.report.run]);
    await expectBack(night, back, before, 'ordered by');
    await night.expectExactlyOnce();
  });

  test.for(KINDS)('%s: the new side fails, so that it goes back by itself', async (kind, context) => {
    const { night, plan } = await opened(kind, context);
    const back = await spoilt(night, plan({ checks: ['errors'], watchFor: ON_WATCH }), { errors: true });
    expect(back.why).toContain('check errors failed');
    if (kind === 'postgres') expect(back.healthyMs).toBeLessThan(10_000);
    // What it has thrown at was acknowledged by nobody: it has come back, or these would be missing.
    expect(Number(await night.redis.get('new:errors'))).toBeGreaterThan(3);
    await night.expectExactlyOnce();
  });

  test('postgres: the new side grows slow, and then one that hangs', async (context) => {
    const { night, plan } = await opened('postgres', context);
    const slow = await spoilt(night, plan({ checks: ['latency'], watchFor: ON_WATCH }), { delayMs: 2500 });
    expect(slow.why).toContain('check latency failed');
    await night.heal();
    const late = await spoilt(night, plan({ checks: ['lag'], watchFor: ON_WATCH }), { delayMs: 600_000 });
    expect(late.why).toContain('check lag failed');
    for (const { healthyMs } of [slow, late]) expect(healthyMs).toBeLessThan(10_000);
    await night.expectExactlyOnce();
  });

  test('postgres: somebody breaks it off from another terminal', async (context) => {
    const { night, plan } = await opened('postgres', context);
    const before = await night.outside();
    const { ended, run } = begun(night, ['cutover', 'run', night.plan(plan({ watchFor: ON_WATCH }))]);
    await night.flowing('new');
    const said = await night.qctl(['cutover', 'abort', await run, '--yes', '--reason', 'vendor is down']);
    expect(said.code, said.stderr).toBe(0);
    await expectBack(night, await ended, before, 'vendor is down');
    await night.expectExactlyOnce();
  });

  test('postgres: qctl is killed time and again, on its way and on the way back', async (context) => {
    const { night, plan } = await opened('postgres', context);
    const before = await night.outside();
    const first = begun(night, ['cutover', 'run', night.plan(plan())]);
    const run = await first.run;
    await killed(night, first, 5);
    await killed(night, begun(night, ['cutover', 'resume', run]), 5);
    const done = await carriedOut(night, ['cutover', 'resume', run]);
    expect(done).toMatchObject({ code: 0, report: { state: 'completed' } });
    for (let kill = 0; kill < 2; kill += 1) await killed(night, begun(night, ['rollback', run]), 4);
    const back = await carriedOut(night, ['rollback', run]);
    expect(back).toMatchObject({ code: 12, report: { state: 'rolledBack', left: [] } });
    expect(await night.outside()).toEqual(before);
    await night.expectExactlyOnce();
  });

  test('postgres: a cutover of twenty steps, which are back within half a minute', async (context) => {
    const { night, plan } = await opened('postgres', context);
    const before = await night.outside();
    const text = plan({ end: furtherSteps(night), budget: '30m' });
    const done = await carriedOut(night, ['cutover', 'run', night.plan(text)]);
    expect(done).toMatchObject({ code: 0, report: { state: 'completed' } });
    expect(done.report.steps).toHaveLength(20);
    await night.flowing('new');
    const back = await carriedOut(night, ['rollback', done.report.run]);
    await expectBack(night, back, before, 'ordered by');
    expect(back.report.rollback!.ms).toBeLessThan(30_000);
    expect(readdirSync(night.folder).filter((name) => name.startsWith('flag-'))).toEqual([]);
    await night.expectExactlyOnce();
  });
});

async function opened(kind: 'postgres' | 'sqs', { onTestFinished }: TestContext) {
  const night = await openNight(kind);
  onTestFinished(() => night.close());
  await night.flowing('old');
  const plan = (more: NightPlan = {}) =>
    kind === 'postgres' ? tablePlan(night.envFile, more) : queuePlan(more);
  return { night, plan };
}

/** Thirteen more, of several kinds. */
function furtherSteps({ folder, envFile }: Night): string {
  const flags = Array.from({ length: 5 }, (_, n) => join(folder, `flag-${n}`)).map(
    (flag, n) => `  - { name: flag-${n}, exec: { run: [touch, "${flag}"], undo: [rm, -f, "${flag}"] } }\n`,
  );
  const settings = ['POOL', 'BATCH', 'REGION', 'LOG_LEVEL'].map(
    (name) => `  - { name: set-${name}, envFile: { file: "${envFile}", set: { ${name}: new } } }\n`,
  );
  const shares = '  - { name: share, route: { name: alerts, percent: [5, 50, 100] } }\n';
  const again = '  - { name: again, systemd: { restart: producer.service, stable: 100ms } }\n';
  return [...flags, ...settings, shares, again].join('');
}

/** Spoils the new side of a run once it works, and sees it go back. */
async function spoilt(night: Night, plan: string, faults: Faults): Promise<RollbackStatus> {
  const before = await night.outside();
  const { ended } = begun(night, ['cutover', 'run', night.plan(plan)]);
  await night.flowing('new');
  night.spoil(faults);
  const back = await ended;
  await expectBack(night, back, before, 'check');
  return back.report.rollback!;
}

/** The old side works as before, and nothing is left of the new one. */
async function expectBack(night: Night, { code, report }: Outcome, before: object, why: string) {
  expect(code, JSON.stringify(report.rollback)).toBe(12);
  expect(report).toMatchObject({ state: 'rolledBack', left: [], why: expect.stringContaining(why) });
  expect(await night.outside()).toEqual(before);
  await night.flowing('old');
}
