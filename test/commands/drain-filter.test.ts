import { expect, test } from 'vitest';
import { ownDatabase } from '../drain/driver.ts';
import { runQctl } from '../support/qctl.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

test('what a filter cannot be evaluated for is counted and named in plan, report and status, and not called drained', async () => {
  const database = await ownDatabase();
  await database.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
  await database.sql(
    `INSERT INTO jobs VALUES (1, '{"risk":"low"}'), (2, '{"risk":"high"}'), (3, 'risk: low'), (4, '')`,
  );
  const redis = ['--redis-url', sharedRedisUrl()];
  const where = ['--postgres-url', database.url, '--table', 'jobs', '--stream', uniqueName('low'), ...redis];
  const done = await runQctl(['drain', 'postgres', ...where, '--filter', "body.risk == 'low'", '--yes']);
  expect(done.code, done.stderr).toBe(0);
  const text = '2 messages are left out, such as 3: the filter cannot be evaluated for them';
  expect(done.stderr).toContain(`warning ${text}\n  -> their body is no JSON`);
  expect(done.stdout).toMatch(new RegExp(`^warning ${text}\n`, 'm'));
  expect(done.stdout).toMatch(/^remaining +0, 1 left by --filter, 2 not evaluated$/m);
  expect(done.stdout).toMatch(
    /^converged: everything that was asked for stands in the stream exactly once$/m,
  );
  const run = /^run +(\S+)/m.exec(done.stdout)![1]!;
  const status = await runQctl(['drain', 'status', run, ...redis]);
  expect(status.stdout).toMatch(/^not evaluated +2, such as 3: left out by the filter$/m);
  const verified = await runQctl(['verify', run, '--postgres-url', database.url, ...redis, '-o', 'json']);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    unmatched: 1,
    unevaluated: { count: 2, example: '3' },
  });
});
