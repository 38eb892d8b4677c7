import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sharedPostgres, sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import type { SqsAccess } from '../support/sqs.ts';
import { configFile, drive, normalise } from './check-driver.ts';

describe('the length of a stream', () => {
  let redis: Redis;
  let env: Record<string, string>;
  const shop = uniqueName('shop');

  beforeAll(async () => {
    env = { REDIS_URL: sharedRedisUrl() };
    redis = new Redis(sharedRedisUrl());
    for (let i = 1; i <= 5; i += 1) await redis.xadd(`${shop}:a`, `${i}-0`, 'n', i);
    await redis.xadd(`${shop}:b`, '1-0', 'n', 1);
  });
  afterAll(async () => {
    await redis.del(`${shop}:a`, `${shop}:b`);
    await redis.quit();
  });

  test.each([
    ['a terminal', { columns: 100 }],
    ['a pipe', {}],
  ])('on %s', async (_, how) => {
    expect(await drive(`check depth --stream ${shop}:a -w 4 -c 9`, { env, ...how })).toEqual({
      code: 1,
      stdout: `DEPTH WARNING - ${shop}:a: length 5 (warning above 4) | '${shop}:a length'=5;4;9;0\n`,
      stderr: '',
    });
  });

  test('json of a pattern has an item for each stream', async () => {
    const { code, stdout, stderr } = await drive(`check depth --stream ${shop}:* -c 4 -o json`, { env });
    const item = (name: string, value: number, status: string) => ({
      ...{ name, stream: name, status, findings: [] },
      metrics: {
        length: { value, atLeast: value, atMost: value, status, warning: null, critical: '4', note: null },
      },
    });
    expect({ code, stderr, shown: JSON.parse(stdout) }).toEqual({
      code: 2,
      stderr: '',
      shown: {
        ...{ type: 'check', check: 'depth', target: `${shop}:*`, status: 'critical', exit: 2 },
        summary: `1 critical, 1 ok; ${shop}:a: length 5 (critical above 4)`,
        items: [item(`${shop}:a`, 5, 'critical'), item(`${shop}:b`, 1, 'ok')],
      },
    });
  });

  test('of a stream that is not there is UNKNOWN', async () => {
    expect((await drive(`check depth --stream ${shop} -w 4`, { env })).stdout).toBe(
      `DEPTH UNKNOWN - ${shop}: there is no such stream\n`,
    );
  });
});

describe('an SQS queue', () => {
  let sqs: SqsAccess;
  let queueUrl: string;
  let env: Record<string, string>;
  const name = uniqueName('webhooks');

  beforeAll(async () => {
    // The SDK itself reads them.
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    sqs = sharedSqs();
    env = { AWS_ENDPOINT_URL: sqs.endpoint, AWS_REGION: 'us-east-1' };
    queueUrl = await sqs.createQueue(name);
    await sqs.send(queueUrl, ['a', 'b', 'c', 'd', { body: 'later', delaySeconds: 900 }]);
    await sqs.client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 1 }));
  });
  afterAll(() => {
    sqs.client.destroy();
    vi.unstubAllEnvs();
  });

  const data = (ready: string) =>
    `'${name} ready'=${ready} '${name} in flight'=1;;;0 '${name} delayed'=1;;;0\n`;

  test.each([
    ['a terminal', { columns: 100 }],
    ['a pipe', {}],
  ])('on %s', async (_, how) => {
    expect(await drive(`check depth --queue-url ${queueUrl} -w 2 -c 3`, { env, ...how })).toEqual({
      code: 1,
      stdout: `DEPTH WARNING - ${name}: ready 3 (warning above 2), in flight 1, delayed 1 | ${data('3;2;3;0')}`,
      stderr: '',
    });
  });

  test('--all judges what is in flight and delayed, too', async () => {
    expect(await drive(`check depth --queue-url ${queueUrl} --all -c 4`, { env })).toEqual({
      code: 2,
      stdout: `DEPTH CRITICAL - ${name}: left 5 (critical above 4), ready 3, in flight 1, delayed 1 | '${name} left'=5;;4;0 ${data('3;;;0')}`,
      stderr: '',
    });
  });

  test('by the name of a source, or of the environment; nothing is received', async () => {
    const config = await configFile(
      `profiles: { test: { sources: { hooks: { kind: sqs, queueUrl: "${queueUrl}" } } } }\n`,
    );
    const named = await drive(`check depth hooks -w 9 --config ${config}`, { env });
    expect(named).toEqual({
      code: 0,
      stdout: `DEPTH OK - hooks: ready 3, in flight 1, delayed 1 | ${data('3;9;;0').replaceAll(name, 'hooks')}`,
      stderr: '',
    });
    const fromEnv = await drive('check depth -w 9', { env: { ...env, SQS_QUEUE_URL: queueUrl } });
    expect(fromEnv.stdout).toBe(`DEPTH OK - ${name}: ready 3, in flight 1, delayed 1 | ${data('3;9;;0')}`);
    expect(await sqs.depth(queueUrl)).toEqual({ visible: 3, inFlight: 1, delayed: 1, total: 5 });
  });

  test('metrics carry the URL of the queue', async () => {
    const { stdout } = await drive(`check depth --queue-url ${queueUrl} -o prometheus`, { env });
    const labels = `{source="${name}",location="${queueUrl}"}`;
    expect(stdout.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      `qctl_source_ready${labels} 3`,
      `qctl_source_in_flight${labels} 1`,
      `qctl_source_delayed${labels} 1`,
      `qctl_check_item_status{check="depth",source="${name}",location="${queueUrl}"} 0`,
      `qctl_check_status{check="depth",target="${name}"} 0`,
      '',
    ]);
  });

  test('a queue that is not there is UNKNOWN', async () => {
    const { code, stdout } = await drive(`check depth --queue-url ${queueUrl}-none -w 1`, { env });
    expect(code).toBe(3);
    expect(stdout).toMatch(
      new RegExp(`^DEPTH UNKNOWN - ${name}-none: cannot connect to sqs \\(.*-none\\): `),
    );
  });
});

describe('a table in PostgreSQL', () => {
  const postgres = sharedPostgres();
  let url: string;
  let env: Record<string, string>;
  let database: string;

  beforeAll(async () => {
    url = await postgres.createDatabase();
    database = new URL(url).pathname.slice(1);
    env = { DATABASE_URL: url };
    const run = (sql: string) => postgres.query(sql, [], database);
    // No key, as a drain would want one.
    await run('CREATE TABLE alerts (n int, state text)');
    await run(
      "INSERT INTO alerts SELECT i, CASE WHEN i <= 7 THEN 'pending' ELSE 'done' END FROM generate_series(1, 10) i",
    );
  });

  const line = ['check', 'depth', '--table', 'alerts', '--ready', "state = 'pending'"];

  test.each([
    ['a terminal', { columns: 100 }],
    ['a pipe', {}],
  ])('on %s', async (_, how) => {
    expect(await drive([...line, '-w', '5', '-c', '10'], { env, ...how })).toEqual({
      code: 1,
      stdout: "DEPTH WARNING - alerts: ready 7 (warning above 5) | 'alerts ready'=7;5;10;0\n",
      stderr: '',
    });
  });

  test('without a condition every row counts', async () => {
    expect((await drive('check depth --table public.alerts -w 9', { env })).stdout).toBe(
      "DEPTH WARNING - public.alerts: ready 10 (warning above 9) | 'public.alerts ready'=10;9;;0\n",
    );
  });

  test('json names the server without its password', async () => {
    const { code, stdout } = await drive([...line, '-w', '5', '-o', 'json'], { env });
    expect(code).toBe(1);
    expect(JSON.parse(normalise(stdout).replaceAll(database, 'DB'))).toEqual({
      ...{ type: 'check', check: 'depth', target: 'alerts', status: 'warning', exit: 1 },
      summary: 'alerts: ready 7 (warning above 5)',
      items: [
        {
          name: 'alerts',
          source: 'alerts',
          location: expect.stringMatching(/^postgres:\/\/(\w+@)?HOST\/DB public\.alerts$/),
          status: 'warning',
          metrics: {
            ready: {
              value: 7,
              atLeast: 7,
              atMost: 7,
              status: 'warning',
              warning: '5',
              critical: null,
              note: null,
            },
          },
          findings: [],
        },
      ],
    });
  });

  test('a source of the configuration, its table and its condition', async () => {
    const config = await configFile(
      `profiles: { test: { sources: { alerts: { kind: postgres, url: "${url}", table: alerts, ready: "n > 8" } } } }\n`,
    );
    expect((await drive(`check depth alerts -c 1 --config ${config}`)).stdout).toBe(
      "DEPTH CRITICAL - alerts: ready 2 (critical above 1) | 'alerts ready'=2;;1;0\n",
    );
    const other = await drive([
      'check',
      'depth',
      'alerts',
      '--ready',
      'n > 9',
      '-c',
      '1',
      '--config',
      config,
    ]);
    expect(other.stdout).toBe("DEPTH OK - alerts: ready 1 | 'alerts ready'=1;;1;0\n");
  });

  test('a user who may only read may check', async () => {
    const user = uniqueName('reader').replace('-', '_');
    await postgres.query(`CREATE ROLE ${user} LOGIN`, [], database);
    await postgres.query(`GRANT SELECT ON alerts TO ${user}`, [], database);
    const as = new URL(url);
    as.username = user;
    const outcome = await drive([...line, '-w', '5'], { env: { DATABASE_URL: as.href } });
    await postgres.query(`REVOKE ALL ON alerts FROM ${user}`, [], database);
    await postgres.query(`DROP ROLE ${user}`, [], database);
    expect(outcome.code).toBe(1);
  });

  test('a condition cannot change anything', async () => {
    await postgres.query('CREATE SEQUENCE counter', [], database);
    const sneaky = [
      "nextval('counter') > 0",
      'true); DELETE FROM alerts WHERE (true',
      'true); COMMIT; BEGIN READ WRITE; DELETE FROM alerts; COMMIT; SELECT (1',
    ];
    for (const ready of sneaky) {
      const { code } = await drive(['check', 'depth', '--table', 'alerts', '--ready', ready, '-w', '5'], {
        env,
      });
      expect(code).toBe(3);
    }
    const [row] = await postgres.query(
      'SELECT count(*)::int AS n, (SELECT is_called FROM counter) AS called FROM alerts',
      [],
      database,
    );
    expect(row).toEqual({ n: 10, called: false });
  });

  test('a condition or a table that cannot be meant is named', async () => {
    const bad = await drive(['check', 'depth', '--table', 'alerts', '--ready', 'stat = 1', '-w', '5'], {
      env,
    });
    expect(bad).toEqual({
      code: 3,
      stdout: 'UNKNOWN - the condition does not fit table alerts: column "stat" does not exist\n',
      stderr: '  hint: ready is an SQL condition over one row\n  hint: ready: stat = 1\n',
    });
    const none = await drive('check depth --table none -w 5', { env });
    expect(none.stdout).toBe(`UNKNOWN - table none does not exist in database ${database}\n`);
  });

  test('a count that takes too long is UNKNOWN', async () => {
    const slow = [
      'check',
      'depth',
      '--table',
      'alerts',
      '--ready',
      'pg_sleep(5) IS NOT NULL',
      '--timeout',
      '300ms',
      '-w',
      '5',
    ];
    const { code, stdout } = await drive(slow, { env });
    expect(code).toBe(3);
    expect(stdout).toMatch(/^DEPTH UNKNOWN - alerts: cannot count the rows of alerts \(postgres:.*\): /);
  });
});

describe('what cannot be meant is refused', () => {
  test.each([
    ['check depth -w 1', 'nothing is named whose depth could be checked'],
    ['check depth --stream a', 'no threshold is given, so that nothing could ever be wrong'],
    ['check depth --stream a --table b -w 1', '--stream and --table exclude each other'],
    ['check depth a --stream b -w 1', '--stream and the name of a source exclude each other'],
    ['check depth --stream a --all -w 1', '--stream and --all exclude each other'],
    ['check depth --ready x -w 1', '--ready is for tables'],
    ['check depth nope -w 1', 'there is no source nope in profile test'],
    ['check depth hooks --table a -w 1', 'source hooks is of kind sqs: --table is not for it'],
    [
      'check depth rows --queue-url http://h/1/q -w 1',
      'source rows is of kind postgres: --queue-url is not for it',
    ],
    ['check depth rows -w 1', 'no table is named'],
  ])('%s', async (line, message) => {
    const config = await configFile(
      'profiles: { test: { sources: { hooks: { kind: sqs, queueUrl: "http://h/1/q" }, rows: { kind: postgres } } } }\n',
    );
    const { code, stdout } = await drive(`${line} --config ${config}`);
    expect({ code, stdout }).toEqual({ code: 3, stdout: `UNKNOWN - ${message}\n` });
  });
});
