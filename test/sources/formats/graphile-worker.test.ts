import { Logger, makeWorkerUtils, type Runner, run, type WorkerUtils } from 'graphile-worker';
import { afterEach, describe, expect, test } from 'vitest';
import { describeSource } from '../../../src/sources/postgres/index.ts';
import type { Includable } from '../../../src/sources/postgres/spec.ts';
import { drain, entriesOf, ownDatabase, plan } from '../../drain/driver.ts';
import { moveAsIfDue } from '../../support/delayed.ts';
import { sharedRedisUrl, uniqueName } from '../../support/shared.ts';
import { waitFor } from '../../support/wait.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function utilsOf(url: string): Promise<WorkerUtils> {
  const utils = await makeWorkerUtils({ connectionString: url });
  ends.push(() => utils.release());
  await utils.migrate();
  return utils;
}

async function workerOf(url: string, task: (id: string, payload: never) => Promise<void>): Promise<Runner> {
  const runner = await run({
    connectionString: url,
    concurrency: 4,
    pollInterval: 100,
    noHandleSignals: true,
    logger: new Logger(() => () => undefined),
    taskList: { sort: (payload, { job }) => task(String(job.id), payload as never) },
  });
  ends.push(() => runner.stop());
  return runner;
}

const specOf = (url: string, queues?: string[], include: Includable[] = []) =>
  describeSource({ url }, undefined, { include, ...(queues && { queues }) });

describe('Graphile Worker as the library makes it', () => {
  test('a worker and the drain share the jobs: each is worked on or stands in the stream, never both', async () => {
    const { url, sql } = await ownDatabase();
    const utils = await utilsOf(url);
    const ids: string[] = [];
    for (let i = 0; i < 600; i += 1) {
      const job = await utils.addJob(
        'sort',
        { i },
        {
          priority: i % 5,
          ...(i % 3 === 0 && { queueName: `q${i % 4}` }),
          ...(i % 10 === 0 && { jobKey: `k${i}` }),
        },
      );
      ids.push(String(job.id));
    }
    const done: string[] = [];
    const failed = new Set<string>();
    await workerOf(url, async (id, { i }: { i: number }) => {
      if (i % 50 === 0 && !failed.has(id)) {
        failed.add(id);
        throw new Error('not at the first go');
      }
      done.push(id);
    });
    await waitFor(() => done.length > 0, { what: 'the worker at work' });
    const stream = uniqueName('graphile');
    const { report } = await drain({
      spec: await specOf(url, undefined, ['scheduled']),
      database: url,
      target: { stream },
      settings: { allowCompeting: true, batch: 10, ratePerSecond: 400 },
    });
    expect(report).toMatchObject({ converged: true, problems: [] });
    const left = async (): Promise<number> =>
      (await sql('SELECT 1 FROM graphile_worker._private_jobs')).length;
    await waitFor(async () => (await left()) === 0, { what: 'the end of all jobs', timeoutMs: 30_000 });
    await moveAsIfDue(sharedRedisUrl(), stream);
    const drained = (await entriesOf(stream)).map((entry) => entry.text('id')!);
    expect(done.length).toBeGreaterThan(0);
    expect(drained.length).toBeGreaterThan(0);
    expect([...done, ...drained].sort()).toEqual([...ids].sort());
  });

  test('a job that a worker is at stays with it, with all that its named queue holds', async () => {
    const { url, sql } = await ownDatabase();
    const utils = await utilsOf(url);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await utils.addJob('sort', { hold: true }, { queueName: 'serial' });
    const started: string[] = [];
    const runner = await workerOf(url, async (id) => {
      started.push(id);
      await held;
    });
    await waitFor(() => started.length === 1, { what: 'the worker at the first job' });
    await utils.addJob('sort', { next: true }, { queueName: 'serial' });
    const before = await sql('SELECT * FROM graphile_worker._private_jobs ORDER BY id');
    const seen = await plan({
      spec: await specOf(url),
      database: url,
      target: { stream: uniqueName('graphile') },
    });
    expect(seen.depth.ready).toBe(0);
    expect(seen.format!.workers.some(({ name }) => name.startsWith('listening session'))).toBe(true);
    expect(seen.format!.workers.some(({ name }) => name.startsWith('worker-'))).toBe(true);
    const { report } = await drain({
      spec: await specOf(url, undefined, ['scheduled', 'dead', 'running']),
      database: url,
      target: { stream: uniqueName('graphile') },
    });
    expect(report).toMatchObject({ appended: 0, remaining: 0 });
    expect(await sql('SELECT * FROM graphile_worker._private_jobs ORDER BY id')).toEqual(before);
    release();
    await runner.stop();
    ends.pop();
  });

  test('a named queue is drained in its order, and alone where it is asked for', async () => {
    const { url, sql } = await ownDatabase();
    const utils = await utilsOf(url);
    for (let i = 0; i < 40; i += 1)
      await utils.addJob('sort', { i }, { queueName: i % 2 === 0 ? 'even' : 'odd', priority: 40 - i });
    const stream = uniqueName('graphile');
    const { report, plan: seen } = await drain({
      spec: await specOf(url, ['even']),
      database: url,
      target: { stream },
    });
    expect(report).toMatchObject({ converged: true, appended: 20 });
    expect(seen.format!.queues).toEqual([{ name: 'even', ready: 20 }]);
    const entries = await entriesOf(stream);
    expect(entries.map((entry) => JSON.parse(entry.text('body')!).i)).toEqual(
      Array.from({ length: 20 }, (_, i) => 38 - 2 * i),
    );
    expect(new Set(entries.map((entry) => entry.text('key')))).toEqual(new Set(['even']));
    expect(await sql('SELECT 1 FROM graphile_worker._private_jobs')).toHaveLength(20);
  });
});
