import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import type { SourceConfig, StreamConfig } from '../../src/config/schema.ts';
import { openPayload } from '../../src/load/payload/open.ts';
import { profileOf } from '../../src/load/profile/read.ts';
import { doors } from '../metrics/measuring.ts';
import { sharedPostgres, sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { standingIn } from '../support/sqs.ts';

let redis: RedisConnection;
let url: string;
const sources: Record<string, SourceConfig> = {};
const streams: Record<string, StreamConfig> = {};
const sqs = sharedSqs();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  url = await sharedPostgres().createDatabase();
});
afterAll(() => redis.close());

const ask = (sql: string, values?: unknown[]) =>
  sharedPostgres().query(sql, values, new URL(url).pathname.slice(1));

/** The bodies of the first messages that a sample makes. */
async function sampled(sample: object, count = 1, seed = 1): Promise<string[]> {
  const profile = profileOf({ raw: { rate: 'max', count: 1, seed, payload: { sample } }, folder: '/' });
  const maker = await openPayload(
    profile,
    doors({
      redis: async () => redis,
      postgres: async () => ({ url }),
      sqs: async (name) => ({
        queueUrl: (sources[name!] as { queueUrl: string }).queueUrl,
        endpoint: sqs.endpoint,
        region: 'us-east-1',
        credentials,
      }),
      config: async () => ({ sources, streams }),
    }),
  );
  return Array.from({ length: count }, (_, seq) => maker.next(seq).body.toString());
}
const refusal = (sample: object) => sampled(sample).catch((error) => error);

/** A message with a person in it, of a type that tells its number. */
const message = (at: number) =>
  `{"type":"t-${at}","who":{"mail":"ada.lovelace@example.com","card":4111111111111111}}`;
const SAFE =
  /^\{"type":"t-\d+","who":\{"mail":"[a-z]{3}\.[a-z]{8}@[a-z]{7}\.[a-z]{3}","card":[1-9]\d{15}\}\}$/;
const types = (bodies: string[]) => bodies.map((body) => JSON.parse(body).type);

function expectRedacted(bodies: string[]): void {
  for (const body of bodies) {
    expect(body).toMatch(SAFE);
    expect(body).not.toMatch(/lovelace|example|4111111111111111/);
  }
}

test('the newest entries of a stream are sampled, without what they say, in turn', async () => {
  const stream = uniqueName('live');
  for (let at = 0; at < 30; at += 1)
    await redis.client.xadd(stream, '*', 'id', `m${at}`, 'body', message(at));
  const bodies = await sampled({ stream, count: 3, keep: ['type'] }, 4);
  expect(types(bodies)).toEqual(['t-27', 't-28', 't-29', 't-27']);
  expectRedacted(bodies);
  expect(await sampled({ stream, count: 3, keep: ['type'] }, 4)).toEqual(bodies);
  expect(await sampled({ stream, count: 3, keep: ['type'] }, 4, 2)).not.toEqual(bodies);
  expect([await redis.client.xlen(stream), await redis.client.xinfo('GROUPS', stream)]).toEqual([30, []]);
});

test('all partitions of a stream are sampled, and a body that goes by another name', async () => {
  const stream = uniqueName('parted');
  streams[stream] = { partitions: 2, entry: { body: 'payload' } };
  for (let at = 0; at < 4; at += 1)
    await redis.client.xadd(`${stream}:{${at % 2}}`, '*', 'payload', message(at));
  expect(types(await sampled({ stream, keep: ['type'] }, 4)).sort()).toEqual(['t-0', 't-1', 't-2', 't-3']);
});

test('an entry without a body is an object of its fields', async () => {
  const stream = uniqueName('fields');
  await redis.client.xadd(stream, '*', 'event', 'created', 'mail', 'ada@example.com');
  expect(await sampled({ stream, keep: ['event'] })).toEqual([
    expect.stringMatching(/^\{"event":"created","mail":"[a-z]{3}@[a-z]{7}\.[a-z]{3}"\}$/),
  ]);
  expect(await sampled({ stream })).not.toContain('example');
});

test('a stream that is empty or not there is refused', async () => {
  const stream = uniqueName('empty');
  await redis.client.xgroup('CREATE', stream, 'g', '$', 'MKSTREAM');
  expect(await refusal({ stream })).toMatchObject({ kind: 'refused', code: 'SAMPLE_EMPTY' });
  expect(await refusal({ stream: uniqueName('gone') })).toMatchObject({ code: 'STREAM_MISSING' });
});

test('one of stream and source must be named, and the source must be there', async () => {
  for (const [sample, got] of [
    [{}, 'neither'],
    [{ stream: 'a', source: 'b' }, 'both'],
  ] as const)
    expect(await refusal(sample)).toMatchObject({
      kind: 'config',
      code: 'LOAD_PAYLOAD_INVALID',
      message: `payload.sample: expected one of stream and source, got ${got}`,
    });
  expect(await refusal({ source: 'nowhere' })).toMatchObject({ kind: 'config', code: 'SOURCE_MISSING' });
});

test('ready rows of a table are sampled, by the expression that the source names', async () => {
  await ask('CREATE TABLE "Alerts" (id serial PRIMARY KEY, state text, "Body" jsonb, raw bytea)');
  await ask(
    `INSERT INTO "Alerts" (state, "Body", raw) SELECT CASE WHEN n > 3 THEN 'done' ELSE 'pending' END,
       jsonb_build_object('data', jsonb_build_object('type', 't-' || n, 'mail', 'ada@example.com')), '\\xff00'
       FROM generate_series(1, 6) n`,
  );
  await ask(`INSERT INTO "Alerts" (state) VALUES ('pending')`);
  const table = { kind: 'postgres', table: '"Alerts"', ready: "state = 'pending'" } as const;
  sources.alerts = { ...table, payload: `"Body"->'data'` };
  const bodies = await sampled({ source: 'alerts', keep: ['type'] }, 4);
  expect(types(bodies)).toEqual(['t-1', 't-2', 't-3', 't-1']);
  for (const body of bodies) expect(JSON.parse(body).mail).toMatch(/^(?!ada)[a-z]{3}@(?!example)[a-z]{7}\./);
  expect(types(await sampled({ source: 'alerts', count: 2, keep: ['type'] }, 3))).toEqual([
    't-1',
    't-2',
    't-1',
  ]);
  sources.column = { ...table, payload: 'Body' };
  expect(JSON.parse((await sampled({ source: 'column', keep: ['data'] }))[0]!).data.type).toBe('t-1');
  sources.raw = { ...table, payload: 'raw' };
  expect(await sampled({ source: 'raw' })).not.toContain(Buffer.from([0xff, 0]).toString());
});

test('sampling a table can change nothing, and tells no value where it fails', async () => {
  await ask('CREATE SEQUENCE counter');
  await ask('CREATE TABLE jobs (id serial PRIMARY KEY, body text)');
  sources.jobs = { kind: 'postgres', table: 'jobs', payload: 'body' };
  expect(await refusal({ source: 'jobs' })).toMatchObject({ kind: 'refused', code: 'SAMPLE_EMPTY' });
  await ask("INSERT INTO jobs (body) VALUES ('secret-word')");
  sources.writing = { kind: 'postgres', table: 'jobs', payload: "nextval('counter')" };
  expect((await refusal({ source: 'writing' })).message).toMatch(/read-only/);
  sources.two = {
    kind: 'postgres',
    table: 'jobs',
    payload: 'body',
    ready: 'true); DELETE FROM jobs; SELECT (1',
  };
  expect(await refusal({ source: 'two' })).toMatchObject({ kind: 'config', code: 'BAD_EXPRESSION' });
  sources.cast = { kind: 'postgres', table: 'jobs', payload: 'body::int' };
  const error = await refusal({ source: 'cast' });
  expect(error).toMatchObject({ kind: 'config', code: 'BAD_EXPRESSION' });
  expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain(
    'secret',
  );
  sources.unsaid = { kind: 'postgres', table: 'jobs' };
  expect(await refusal({ source: 'unsaid' })).toMatchObject({ code: 'LOAD_PAYLOAD_INVALID' });
  expect(await ask('SELECT count(*)::int AS n FROM jobs')).toEqual([{ n: 1 }]);
});

test('rows that are large come a few at a time', async () => {
  await ask('CREATE TABLE large (id serial PRIMARY KEY, body text)');
  await ask("INSERT INTO large (body) SELECT repeat('x', 400000) FROM generate_series(1, 12)");
  sources.large = { kind: 'postgres', table: 'large', payload: 'body' };
  const bodies = await sampled({ source: 'large', count: 11 }, 12);
  expect(bodies.map((body) => body.length)).toEqual(new Array(12).fill(400_000));
  expect(new Set(bodies).size).toBe(11);
});

test('a queue is sampled only where a receive is allowed', async () => {
  const queueUrl = await sqs.createQueue(uniqueName('queue'));
  sources.queue = { kind: 'sqs', queueUrl };
  await sqs.send(queueUrl, ['a']);
  expect(await refusal({ source: 'queue' })).toMatchObject({
    kind: 'refused',
    code: 'SAMPLE_NEEDS_RECEIVE',
    hint: expect.arrayContaining([expect.stringContaining('allowReceive')]),
  });
  expect(await sqs.depth(queueUrl)).toMatchObject({ visible: 1, inFlight: 0 });
});

test('messages of a queue are given back once they are sampled', async () => {
  for (const fifo of [false, true]) {
    const queueUrl = await sqs.createQueue(uniqueName('queue'), { fifo });
    sources.queue = { kind: 'sqs', queueUrl };
    const sample = { source: 'queue', allowReceive: true, keep: ['type'] };
    await sqs.send(
      queueUrl,
      // A group of a FIFO queue gives no more while ten of it are in hand.
      Array.from({ length: 14 }, (_, at) => ({ body: message(at), ...(fifo && { groupId: `g${at}` }) })),
    );
    const bodies = await sampled({ ...sample, count: 12 }, 12);
    expect(new Set(types(bodies)).size).toBe(12);
    expectRedacted(bodies);
    expect(await sqs.depth(queueUrl)).toMatchObject({ visible: 14, inFlight: 0 });
    expect((await standingIn(sqs.endpoint, queueUrl)).map(({ body }) => body).sort()).toEqual(
      Array.from({ length: 14 }, (_, at) => message(at)).sort(),
    );
  }
});

test('a queue without a message is refused', async () => {
  sources.queue = { kind: 'sqs', queueUrl: await sqs.createQueue(uniqueName('queue')) };
  const error = await refusal({ source: 'queue', allowReceive: true });
  expect(error).toMatchObject({ kind: 'refused', code: 'SAMPLE_EMPTY' });
});
