import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { startCluster, type TestCluster } from '../support/redis-topologies.ts';
import { runCommand } from './run-command.ts';

/** The partitions of a stream, which lie on all three masters. */
const PARTS = Array.from({ length: 12 }, (_, at) => `part:{${at}}`);

let cluster: TestCluster;
let redis: RedisConnection;
beforeAll(async () => {
  cluster = await startCluster();
  redis = await connectRedis({ cluster: { nodes: cluster.seeds } });
  for (const [at, stream] of PARTS.entries()) {
    await redis.client.xadd(stream, `${2 * at + 1}-0`, 'n', String(at));
    await redis.client.xadd(stream, `${2 * at + 2}-0`, 'n', String(at));
    await redis.client.xgroup('CREATE', stream, 'g', '0');
    await redis.client.xreadgroup('GROUP', 'g', `c${at}`, 'COUNT', 1, 'STREAMS', stream, '>');
  }
  await redis.client.xadd('other', '1-0', 'n', '1');
});
afterAll(async () => {
  await redis.close();
  await cluster.stop();
});

async function run(line: string, settings = ''): Promise<Record<string, unknown>[]> {
  const nodes = cluster.seeds.map(({ host, port }) => `${host}:${port}`).join(', ');
  const streams = `{ part: { partitions: ${PARTS.length}${settings} } }`;
  const config = `profiles: { c: { redis: { cluster: { nodes: [${nodes}] } }, streams: ${streams} } }\nprofile: c\n`;
  const { code, stdout, stderr } = await runCommand([...line.split(' '), '-o', 'ndjson'], {
    url: '',
    config,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text));
}

test.each(['part:*', 'part'])(
  'on a cluster the streams of all masters are listed for %s',
  async (argument) => {
    const rows = await run(`stream ls ${argument}`);
    const summary = { length: 2, groups: 1, pending: 1, lag: 1, memoryBytes: expect.any(Number) };
    expect(rows).toHaveLength(PARTS.length);
    for (const row of rows) expect(row).toMatchObject(summary);
    const names = argument === 'part' ? PARTS : PARTS.toSorted();
    expect(rows.map(({ stream }) => stream)).toEqual(names);
  },
);

test('on a cluster groups, consumers and details are those of all partitions', async () => {
  expect((await run('group ls part')).map(({ stream, lag }) => [stream, lag])).toEqual(
    PARTS.map((stream) => [stream, 1]),
  );
  expect((await run('consumer ls part g')).map(({ consumer, pending }) => [consumer, pending])).toEqual(
    PARTS.map((_, at) => [`c${at}`, 1]),
  );
  expect((await run('stream info part')).map(({ stream, deadLetters }) => [stream, deadLetters])).toEqual(
    PARTS.map((stream) => [stream, 0]),
  );
});

test('on a cluster entries of all partitions come in order, with what the group did with them', async () => {
  const ids = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => `${from + at}-0`);
  expect((await run('stream tail part --limit 5')).map(({ id }) => id)).toEqual(ids(20, 24));
  const states = await run('stream tail part --group g --from start');
  expect(states.map(({ id, state }) => [id, state])).toEqual(
    ids(1, 24).map((id, at) => [id, at % 2 === 0 ? 'pending' : 'undelivered']),
  );
});

test('on a cluster an entry is added where its stream lies', async () => {
  for (const stream of PARTS) await run(`stream add ${stream} n=1 --id 900-0`);
  expect((await run('stream tail part --limit 12')).map(({ id }) => id)).toEqual(PARTS.map(() => '900-0'));
});

test('on a cluster what is stuck is set aside, replayed and trimmed on every partition', async () => {
  const each = (row: object) => PARTS.map((stream) => ({ stream, ...row }));
  expect(await run('pending part g')).toMatchObject(each({ pending: 1 }));
  const claim = `claim part g --to late --create-consumer --min-idle 0ms --max-deliveries 1 --yes --quiet`;
  const reports = (await run(claim)).filter(({ type }) => type === 'claim-report');
  expect(reports).toMatchObject(
    PARTS.map((stream) => ({ stream, deadLettered: 1, deadLetter: `${stream}:dead`, claimed: 0 })),
  );
  expect(await run('dlq ls part')).toMatchObject(
    PARTS.map((stream) => ({ stream: `${stream}:dead`, entries: 1 })),
  );
  expect(await run(`dlq replay part --all --yes --quiet`)).toMatchObject([
    { replayed: PARTS.length, left: 0 },
  ]);
  const reaped = await run(`consumer reap part g --min-idle 0ms --yes --quiet`);
  expect(reaped.map(({ stream, outcome }) => [stream, outcome])).toEqual(
    PARTS.map((stream) => [stream, 'deleted']),
  );
  expect(await run('group create part audit --from end')).toMatchObject(
    each({ group: 'audit', toDeliver: 0 }),
  );
  const [check] = await run('check lag part audit -w 0');
  expect(check).toMatchObject({ status: 'ok', items: each({ group: 'audit' }) });
  const trimmed = await run(`stream trim part --max-len 1 --force --yes --quiet`);
  expect(trimmed).toMatchObject(each({ lengthAfter: 1 }));
});

test('maintenance reaches the partitions on all masters', async () => {
  for (const stream of PARTS) {
    await redis.client.xtrim(stream, 'MAXLEN', '=', 0);
    for (const n of ['a', 'b']) await redis.client.xadd(stream, '*', 'n', n);
    await redis.client.xreadgroup('GROUP', 'g', 'dead', 'COUNT', 1, 'STREAMS', stream, '>');
    await redis.client.xgroup('SETID', stream, 'audit', '$');
  }
  const rows = await run(
    'maintain --yes --only leftovers,deadLetter,trim,expire',
    ', group: g, maxDeliveries: 1, minIdle: 0s, maxLen: 1, deadLetterTtl: 30d',
  );
  const of = (task: string) => rows.filter((row) => row.task === task && row.count === 1);
  expect(of('dead-letters').map(({ stream }) => stream)).toEqual(PARTS);
  expect(of('trim').map(({ stream }) => stream)).toEqual(PARTS);
  expect(rows.every(({ failure }) => failure === null)).toBe(true);
});
