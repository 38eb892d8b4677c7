import PgBoss from 'pg-boss';
import { afterEach, describe, expect, test } from 'vitest';
import { describeSource } from '../../../src/sources/postgres/index.ts';
import type { Includable } from '../../../src/sources/postgres/spec.ts';
import { drain, entriesOf, failureOf, ownDatabase, plan } from '../../drain/driver.ts';
import { moveAsIfDue } from '../../support/delayed.ts';
import { sharedRedisUrl, uniqueName } from '../../support/shared.ts';
import { waitFor } from '../../support/wait.ts';

const bosses: PgBoss[] = [];
afterEach(async () => {
  for (const boss of bosses.splice(0)) await boss.stop({ graceful: false });
});

async function bossOf(url: string, options: Partial<PgBoss.ConstructorOptions> = {}): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: url, schedule: false, supervise: false, ...options });
  boss.on('error', () => undefined);
  bosses.push(boss);
  await boss.start();
  return boss;
}

const specOf = (url: string, queues?: string[], include: Includable[] = []) =>
  describeSource({ url }, undefined, { include, ...(queues && { queues }) });

describe('pg-boss as the library makes it', () => {
  test('a worker and the drain share a queue: each job is worked on or stands in the stream, never both', async () => {
    const { url, sql } = await ownDatabase();
    const boss = await bossOf(url, { supervise: true, maintenanceIntervalSeconds: 1 });
    await boss.createQueue('mails');
    await boss.createQueue('keyed', { name: 'keyed', policy: 'stately' });
    const ids: string[] = [];
    for (let i = 0; i < 500; i += 1)
      ids.push((await boss.send('mails', { i }, { priority: i % 5, retryLimit: 3, retryDelay: 0 }))!);
    for (let i = 0; i < 50; i += 1) ids.push((await boss.send('keyed', { i }, { singletonKey: `k${i}` }))!);
    const handed = new Map<string, number>();
    const work = async (jobs: PgBoss.Job[]): Promise<void> => {
      for (const { id } of jobs) handed.set(id, (handed.get(id) ?? 0) + 1);
      if (jobs.some(({ data }) => (data as { i: number }).i % 7 === 0) && handed.get(jobs[0]!.id) === 1)
        throw new Error('not at the first go');
    };
    for (const queue of ['mails', 'keyed'])
      await boss.work(queue, { batchSize: 5, pollingIntervalSeconds: 0.5 }, work);
    await waitFor(() => handed.size > 0, { what: 'the worker at work' });
    const stream = uniqueName('boss');
    const spec = await specOf(url);
    const { report } = await drain({
      spec,
      database: url,
      target: { stream },
      settings: { batch: 10, ratePerSecond: 400, allowCompeting: true },
    });
    expect(report).toMatchObject({ converged: true, problems: [] });
    await waitFor(
      async () => {
        const [{ n }] = (await sql<{ n: string }>(
          `SELECT count(*) AS n FROM pgboss.job WHERE state < 'completed'`,
        )) as [{ n: string }];
        return Number(n) === 0;
      },
      { what: 'the end of all jobs', timeoutMs: 30_000 },
    );
    const worked = (await sql<{ id: string }>(`SELECT id FROM pgboss.job WHERE state = 'completed'`)).map(
      ({ id }) => id,
    );
    const drained = (await entriesOf(stream)).map((entry) => entry.text('id')!);
    expect(worked.length).toBeGreaterThan(0);
    expect(drained.length).toBeGreaterThan(0);
    expect([...worked, ...drained].sort()).toEqual([...ids].sort());
  });

  test('a job that a worker is at stays with it, and its end reaches pg-boss', async () => {
    const { url, sql } = await ownDatabase();
    const boss = await bossOf(url);
    await boss.createQueue('mails');
    const id = (await boss.send('mails', { long: true }))!;
    const [job] = await boss.fetch('mails');
    expect(job!.id).toBe(id);
    await boss.send('mails', { short: true });
    const before = await sql('SELECT * FROM pgboss.job WHERE id = $1', [id]);
    const { plan: seen, report } = await drain({
      spec: await specOf(url, ['mails'], ['scheduled', 'dead', 'running']),
      database: url,
      target: { stream: uniqueName('boss') },
    });
    expect(report).toMatchObject({ converged: true, appended: 1 });
    expect(await sql('SELECT * FROM pgboss.job WHERE id = $1', [id])).toEqual(before);
    const workers = seen.format!.workers.map(({ name }) => name);
    expect(workers.some((name) => name.startsWith('pg-boss session'))).toBe(true);
    expect(workers).toContain('1 running in queue mails');
    await boss.complete('mails', id);
    expect(await sql('SELECT state FROM pgboss.job WHERE id = $1', [id])).toEqual([{ state: 'completed' }]);
  });

  test('what was sent with options arrives with them', async () => {
    const { url } = await ownDatabase();
    const boss = await bossOf(url);
    await boss.createQueue('dead');
    await boss.createQueue('mails');
    const id = await boss.send(
      'mails',
      { to: 'é' },
      {
        priority: 3,
        startAfter: '2100-01-02T03:04:05.000Z',
        singletonKey: 'k',
        singletonSeconds: 60,
        retryLimit: 9,
        retryDelay: 4,
        retryBackoff: true,
        expireInSeconds: 77,
        deadLetter: 'dead',
      },
    );
    const stream = uniqueName('boss');
    await drain({ spec: await specOf(url, ['mails'], ['scheduled']), database: url, target: { stream } });
    await moveAsIfDue(sharedRedisUrl(), stream);
    const [entry] = await entriesOf(stream);
    const fields = Object.fromEntries(entry!.fields.map(([name, value]) => [name, value.toString()]));
    expect(fields).toMatchObject({
      id,
      body: '{"to": "é"}',
      type: 'mails',
      priority: '3',
      attempts: '0',
      notBefore: '2100-01-02T03:04:05.000000Z',
      'attr.queue': 'mails',
      'attr.priorityOrder': 'higher-first',
      'attr.singleton_key': 'k',
      'attr.retry_limit': '9',
      'attr.retry_delay': '4',
      'attr.retry_backoff': 'true',
      'attr.expire_in': '00:01:17',
      'attr.dead_letter': 'dead',
      'attr.state': 'created',
      'attr.policy': 'standard',
    });
    expect(fields['attr.singleton_on']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:00$/);
    expect(fields['attr.keep_until']).toContain('2100-01-16');
  });

  test('jobs of one id in two queues are refused together, and drained one queue after the other', async () => {
    const { url } = await ownDatabase();
    const boss = await bossOf(url);
    const id = '11111111-1111-4111-8111-111111111111';
    for (const queue of ['a', 'b', 'c']) {
      await boss.createQueue(queue);
      await boss.send(queue, { queue }, { id: queue === 'c' ? undefined : id } as PgBoss.SendOptions);
    }
    const error = await failureOf(specOf(url));
    expect(error).toMatchObject({ kind: 'refused', code: 'SAME_ID_IN_QUEUES' });
    expect(error.message).toContain(id);
    for (const queue of ['a', 'b']) {
      const stream = uniqueName('boss');
      const spec = await specOf(url, [queue]);
      const { report } = await drain({ spec, database: url, target: { stream } });
      expect(report).toMatchObject({ converged: true, appended: 1 });
      expect((await entriesOf(stream)).map((entry) => entry.text('body'))).toEqual([`{"queue": "${queue}"}`]);
    }
    expect((await specOf(url)).table).toBe('"pgboss"."job"');
  });

  test('a queue that is not there is named together with those that are', async () => {
    const { url } = await ownDatabase();
    const boss = await bossOf(url);
    await boss.createQueue('mails');
    const error = await failureOf(specOf(url, ['mials']));
    expect(error).toMatchObject({ code: 'QUEUE_NOT_FOUND', hint: ['its queues are: mails'] });
  });

  test('the plan tells of retention, throttling and schedules', async () => {
    const { url } = await ownDatabase();
    const boss = await bossOf(url);
    await boss.createQueue('mails');
    await boss.send('mails', {}, { retentionMinutes: 5, singletonSeconds: 60 });
    await boss.schedule('mails', '0 3 * * *');
    const { findings } = await plan({
      spec: await specOf(url),
      database: url,
      target: { stream: uniqueName('boss') },
    });
    const codes = findings.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['RETENTION_ENDS', 'THROTTLE_OPENS', 'SCHEDULES_GO_ON']));
  });

  test('a place that was taken while a job was claimed costs neither job', async () => {
    const { url, sql } = await ownDatabase();
    const boss = await bossOf(url);
    await boss.createQueue('short', { name: 'short', policy: 'short' });
    const first = await boss.send('short', { n: 1 });
    const spec = await specOf(url);
    const claimed = spec.claim!;
    const named = (text: string) =>
      text.replaceAll(/(?<!:):time/g, `'2999-01-01'::timestamptz`).replaceAll(/(?<!:):text\b/g, `'qctl:r'`);
    const assign = (set: Record<string, string>) =>
      Object.entries(set)
        .map(([column, value]) => `${column} = ${named(value)}`)
        .join(', ');
    await sql(`UPDATE ${spec.table} t SET ${assign(claimed.set)}`);
    const second = await boss.send('short', { n: 2 });
    expect(second).not.toBeNull();
    await sql(`UPDATE ${spec.table} t SET ${assign(claimed.release)} WHERE ${named(claimed.held)}`);
    const rows = await sql(`SELECT id, state, policy FROM pgboss.job ORDER BY data->>'n'`);
    expect(rows).toEqual([
      { id: first, state: 'created', policy: 'standard' },
      { id: second, state: 'created', policy: 'short' },
    ]);
  });
});
