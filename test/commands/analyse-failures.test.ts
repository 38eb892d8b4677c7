import { expect, test } from 'vitest';
import { startTcpProxy } from '../support/proxy.ts';
import { waitFor } from '../support/wait.ts';
import { SECRET, useMigration } from './analyse-driver.ts';
import { runCommand } from './run-command.ts';

const migration = useMigration();

test('nothing to look at is told, with what would name it', async () => {
  const { code, stderr } = await runCommand(['analyse'], { url: '' });
  expect(code).toBe(2);
  expect(stderr).toContain('neither a source nor a target is named');
  expect(stderr).toContain('--redis-url, REDIS_URL or redis: in qctl.yaml names the target');
});

test('a source that is not configured is told, with the one that was meant', async () => {
  const end = await migration.run(['--source', 'alert']);
  expect(end).toMatchObject({ code: 5, stdout: '' });
  expect(end.stderr).toContain('there is no source alert in profile default\n  hint: did you mean alerts?');
  expect((await migration.run(['--source', 'quite-another'])).stderr).toContain('sources: alerts, hooks');
});

test('a wrong password ends it with 4 and is not shown', async () => {
  const { host, port } = migration.redis.server;
  const end = await migration.run([], { url: `redis://:${SECRET}-wrong@${host}:${port}` });
  expect(end).toMatchObject({ code: 4, stdout: '' });
  expect(end.stderr).toContain('wrong user name or password');
  expect(end.stderr).not.toContain(SECRET);
});

test('a dead Redis ends it with 7, a dead PostgreSQL with 6', async () => {
  expect((await migration.run([], { url: 'redis://127.0.0.1:1' })).code).toBe(7);
  const end = await migration.run([
    '--table',
    'alerts',
    '--postgres-url',
    `postgres://u:${SECRET}@127.0.0.1:1/x`,
  ]);
  expect(end).toMatchObject({ code: 6, stdout: '' });
  expect(end.stderr).toContain('cannot connect to postgres (postgres://u@127.0.0.1:1/x)');
  expect(end.stderr).not.toContain(SECRET);
});

test('a table that does not exist is told before anything is shown', async () => {
  const end = await migration.run(['--table', 'alertz', '--postgres-url', migration.table.url]);
  expect(end).toMatchObject({ code: 5, stdout: '' });
  expect(end.stderr).toContain('table alertz does not exist');
});

test('a Redis that answers nothing any more ends the analysis after --timeout', async () => {
  const { client, server } = migration.redis;
  const proxy = await startTcpProxy(server.port);
  try {
    const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
    const end = migration.run(['--source', 'hooks', '--observe', '2s', '--timeout', '1s'], { url });
    await waitFor(async () => String(await client.client('LIST')).includes('name=qctl'));
    proxy.setBlocked('hold');
    expect(await end).toMatchObject({ code: 7, stdout: '' });
  } finally {
    await proxy.stop();
  }
});

test.each([
  [['--stream', 'x'], "unknown option '--stream'"],
  [['--dry-run'], "unknown option '--dry-run'"],
  [['--by', 'size'], 'Allowed choices are type'],
  [['-o', 'prometheus'], 'Allowed choices are table, json, ndjson, yaml, markdown, junit'],
  [['--sample', '0'], '--sample'],
  [['--observe', 'soon'], '--observe'],
])('%j is no flag that it takes', async (argv, what) => {
  const end = await migration.run(argv);
  expect(end).toMatchObject({ code: 2, stdout: '' });
  expect(end.stderr).toContain(what);
});
