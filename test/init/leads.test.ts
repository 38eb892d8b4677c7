// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is what stands in such files
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import {
  leadsOfCompose,
  leadsOfEnvironment,
  leadsOfPorts,
  namesIn,
  parseDotenv,
  readCompose,
} from '../../src/init/index.ts';
import { freePort } from '../support/server-process.ts';
import { sharedRedisUrl } from '../support/shared.ts';

const ofEnvironment = (env: Record<string, string>) => leadsOfEnvironment(env, env, { before: '' });
const written = (env: Record<string, string>) =>
  Object.fromEntries(ofEnvironment(env).map((lead) => [lead.kind, lead.written]));

test('variables are named, and never copied', () => {
  const env = {
    REDIS_SENTINEL_ADDRS: 'a:26379,b:26379',
    REDIS_SENTINEL_MASTER: 'events',
    REDIS_PASSWORD: 's3cret',
    DATABASE_URL: 'postgres://app:s3cret@db/app',
    SQS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/hooks',
  };
  expect(written(env)).toEqual({
    redis: {
      sentinel: { hosts: '${REDIS_SENTINEL_ADDRS}', name: '${REDIS_SENTINEL_MASTER}' },
      password: '${REDIS_PASSWORD}',
    },
    postgres: { url: '${DATABASE_URL}' },
    sqs: { queueUrl: '${SQS_QUEUE_URL}' },
  });
  expect(JSON.stringify(ofEnvironment(env).map(({ values, ...rest }) => rest))).not.toContain('s3cret');
});

test.each([
  [
    { REDIS_ADDRESS: 'cache:6379', REDIS_PASSWORD_FILE: '/run/p' },
    { url: '${REDIS_ADDRESS}', passwordFile: '${REDIS_PASSWORD_FILE}' },
  ],
  [{ REDIS_URL: 'redis://u:p@cache', REDIS_PASSWORD: 'other' }, { url: '${REDIS_URL}' }],
  [
    { REDIS_URL: 'redis://a', QCTL_REDIS_URL: 'redis://b', REDIS_CLUSTER_NODES: 'c:1' },
    { url: '${QCTL_REDIS_URL}' },
  ],
  [{ REDIS_URL: 'redis://a', REDIS_CLUSTER_NODES: 'c:1' }, { cluster: { nodes: '${REDIS_CLUSTER_NODES}' } }],
])('%j is the Redis that the configuration itself would take', (env, redis) => {
  expect(written(env as unknown as Record<string, string>)).toEqual({ redis });
});

test('PGHOST and its like are read by qctl anyway; AWS without a region names nothing', () => {
  expect(written({ PGHOST: 'db', PGPASSWORD: 'x', AWS_ACCESS_KEY_ID: 'k' })).toEqual({ postgres: {} });
  expect(written({ AWS_PROFILE: 'live', AWS_REGION: 'eu-west-1' })).toEqual({
    sqs: { region: '${AWS_REGION}' },
  });
});

test('.env is read as its readers read it', () => {
  const text = `# settings
export REDIS_URL=redis://cache:6379 # the cache
DATABASE_URL="postgres://a:b\\"c@db/app"
SINGLE='a # b $c'
EMPTY=
HASH=a#b
not an assignment
SPACED = x y \r
`;
  expect(parseDotenv(text)).toEqual({
    ...{ REDIS_URL: 'redis://cache:6379', DATABASE_URL: 'postgres://a:b"c@db/app', SINGLE: 'a # b $c' },
    ...{ EMPTY: '', HASH: 'a#b', SPACED: 'x y' },
  });
});

const COMPOSE = `
x-base: &base { restart: always }
services:
  web: { image: nginx, ports: ["8080:80"] }
  cache:
    <<: *base
    image: docker.io/library/redis:7-alpine
    command: redis-server --requirepass \${CACHE_PASSWORD:-s3cret} --appendonly yes
    ports: ["127.0.0.1:\${CACHE_PORT:-6390}:6379"]
  db:
    image: timescale/timescaledb:latest-pg16
    environment: [POSTGRES_USER=app, "POSTGRES_PASSWORD=s3cret", POSTGRES_DB]
    ports: [{ target: 5432, published: "5433" }]
  queue: { image: "softwaremill/elasticmq-native", ports: ["9324:9324/tcp"] }
  inner: { image: valkey/valkey }
  any: { image: redis, ports: ["6379"] }
`;

test('services of compose files are known by their images, reached by their published ports', () => {
  const { services, unreadable } = readCompose([
    { name: 'compose.yaml', text: COMPOSE },
    { name: 'compose.override.yaml', text: 'services: { db: { environment: { POSTGRES_DB: orders } } }' },
    { name: 'broken.yaml', text: 'services: [' },
  ]);
  expect(unreadable).toEqual(['broken.yaml']);
  const { leads, unpublished } = leadsOfCompose(services, { CACHE_PORT: '6400' });
  expect(leads.map(({ from, written: what }) => [from, what])).toEqual([
    ['compose.yaml: cache', { url: 'redis://localhost:6400', password: '${CACHE_PASSWORD}' }],
    [
      'compose.yaml: db',
      { host: 'localhost', port: 5433, database: 'orders', user: 'app', password: '${POSTGRES_PASSWORD}' },
    ],
    ['compose.yaml: queue', { endpoint: 'http://localhost:9324', region: 'us-east-1' }],
  ]);
  // To try them; what is written knows only the names.
  expect(leads[0]!.values.CACHE_PASSWORD).toBe('s3cret');
  expect(leads[1]!.values.POSTGRES_PASSWORD).toBe('s3cret');
  expect(leads.flatMap((lead) => namesIn(lead.written))).toEqual(['CACHE_PASSWORD', 'POSTGRES_PASSWORD']);
  expect(unpublished.map(({ from }) => from)).toEqual(['compose.yaml: inner', 'compose.yaml: any']);
});

test('what is no compose file at all does no harm', () => {
  for (const text of ['', 'null', '- a', 'services: 1', 'services: { a: 1, b: { image: 2, ports: x } }'])
    expect(leadsOfCompose(readCompose([{ name: 'f', text }]).services, {}).leads).toEqual([]);
});

test('an open port counts where Redis answers there, and no other program', async () => {
  const redis = Number(new URL(sharedRedisUrl()).port);
  const other = createServer((socket) =>
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  );
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const leads = await leadsOfPorts([
    { port: redis, kind: 'redis' },
    { port, kind: 'redis' },
    { port, kind: 'sentinel' },
    { port: await freePort(), kind: 'postgres' },
  ]);
  other.close();
  expect(leads).toEqual([
    { kind: 'redis', from: `port ${redis}`, written: { url: `redis://localhost:${redis}` }, values: {} },
  ]);
});
