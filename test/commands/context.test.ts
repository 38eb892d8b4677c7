import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Connections } from '../../commands/connections.ts';
import { createContext, type OpenContext } from '../../commands/context.ts';
import { parseHostPorts } from '../../commands/host-port.ts';
import { watchSignals } from '../../commands/signals.ts';
import type { Environment } from '../../src/config/environment.ts';
import type { Flags, ResolvedConfig } from '../../src/config/resolve.ts';
import { resolveSecret } from '../../src/config/secrets.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl } from '../support/shared.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

const silent = () => undefined;
const host = { on: silent, off: silent, exit: silent, writeError: silent };

function contextWith(io: MemoryIo = memoryIo(), env: Environment = {}): OpenContext {
  return createContext({ io, env, watch: watchSignals(host, silent, silent) });
}

test('without a terminal a question needs --yes', async () => {
  const context = contextWith();
  await expect(context.confirm('delete 5 messages?')).rejects.toMatchObject({
    kind: 'refused',
    code: 'CONFIRMATION_NEEDED',
  });
  context.options.yes = true;
  expect(await context.confirm('delete 5 messages?')).toBe(true);
});

/** A terminal on which this is typed once the question stands there. */
function typing(text: string): MemoryIo {
  const io = memoryIo({ columns: 80 });
  const keys = Object.assign(new PassThrough(), { isTTY: true });
  let shown = '';
  io.stderr.stream.on('data', (data) => {
    const asked = shown.includes('to go on:');
    shown += data;
    if (!asked && shown.includes('to go on:')) setImmediate(() => keys.write(`${text}\r`));
  });
  return { ...io, stdin: { isTTY: true, stream: keys as unknown as NodeJS.ReadStream } };
}

test('a name that has to be typed must be typed exactly', async () => {
  const ask = (text: string) => contextWith(typing(text)).confirmTyped('orders', 'Purge it?');
  await expect(ask('orders')).resolves.toBeUndefined();
  for (const text of ['order', 'ORDERS', 'y', '']) {
    await expect(ask(text)).rejects.toMatchObject({ kind: 'declined', code: 'DECLINED' });
  }
});

test('without a terminal a name cannot be typed: it needs --yes', async () => {
  const context = contextWith();
  await expect(context.confirmTyped('orders', 'Purge it?')).rejects.toMatchObject({
    kind: 'refused',
    code: 'CONFIRMATION_NEEDED',
  });
  context.options.yes = true;
  await expect(context.confirmTyped('orders', 'Purge it?')).resolves.toBeUndefined();
});

test('a command has one connection to Redis, and it is closed at its end', async () => {
  const context = contextWith();
  context.fill(context.options, { redisUrl: sharedRedisUrl() });
  const [first, second] = await Promise.all([context.redis(), context.redis()]);
  expect(second).toBe(first);
  expect(first.closed).toBe(false);
  await context.cleanUp();
  expect(first.closed).toBe(true);
});

test('a connection that could not be made is tried again', async () => {
  const server = await startRedis();
  const context = contextWith();
  context.fill(context.options, { redisUrl: server.url });
  await server.kill9();
  await expect(context.redis()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
  await server.restart();
  expect((await context.redis()).kind).toBe('standalone');
  await context.cleanUp();
  await server.stop();
});

test('a connection made during a turn stays until the end', async () => {
  const context = contextWith();
  context.fill(context.options, { redisUrl: sharedRedisUrl() });
  const redis = await context.turn(memoryIo(), () => context.redis());
  expect(redis.closed).toBe(false);
  await context.cleanUp();
  expect(redis.closed).toBe(true);
});

test('cleaners run last first, each even if one fails', async () => {
  const context = contextWith();
  const seen: number[] = [];
  context.onCleanup(() => seen.push(1));
  context.onCleanup(() => Promise.reject(new Error('no')));
  context.onCleanup(async () => seen.push(3));
  await context.cleanUp();
  await context.cleanUp();
  expect(seen).toEqual([3, 1]);
});

function connections(config: Partial<ResolvedConfig>, env: Environment = {}, flags: Flags = {}): Connections {
  const empty: ResolvedConfig = {
    profiles: [],
    files: [],
    sources: {},
    breakers: {},
    alerts: {},
    maintain: {},
    serve: {},
    streams: {},
    defaults: {},
    origins: {},
    unreadable: [],
    warnings: [],
  };
  return new Connections({ config: { ...empty, ...config }, env, flags, timeoutMs: 1500 });
}

test('what is not named anywhere is asked for', async () => {
  await expect(connections({}).redis()).rejects.toMatchObject({ kind: 'config', code: 'REDIS_MISSING' });
  await expect(connections({}).postgres()).rejects.toMatchObject({ code: 'POSTGRES_MISSING' });
  await expect(connections({}).sqs()).rejects.toMatchObject({ code: 'SQS_MISSING' });
});

test('redis: addresses, secrets and certificates are read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-secrets-'));
  const passwordFile = join(folder, 'password');
  const caFile = join(folder, 'ca.pem');
  await writeFile(passwordFile, 'pass word\n');
  await writeFile(caFile, 'PEM');
  const redis = {
    sentinel: { hosts: ['a:1', '[::1]'], name: 'main' },
    passwordFile,
    tls: { caFile, servername: 's' },
  };
  expect(await connections({ redis }).redis()).toEqual({
    sentinel: {
      hosts: [
        { host: 'a', port: 1 },
        { host: '::1', port: 26_379 },
      ],
      name: 'main',
    },
    password: 'pass word',
    tls: { ca: 'PEM', servername: 's' },
    connectTimeoutMs: 1500,
  });
});

test('postgres: a named source stands above DATABASE_URL, flags above it', async () => {
  const sources = { alerts: { kind: 'postgres' as const, url: 'postgres://source/db' } };
  const env = { DATABASE_URL: 'postgres://shared/db', PGPASSWORD: 'pw' };
  const urlOf = async (name?: string, flags?: Flags, more?: Environment) =>
    (await connections({ sources }, { ...env, ...more }, flags).postgres(name)).url;
  expect(await urlOf()).toBe('postgres://shared/db');
  expect(await urlOf('alerts')).toBe('postgres://source/db');
  expect(await urlOf('alerts', {}, { QCTL_POSTGRES_URL: 'postgres://own/db' })).toBe('postgres://own/db');
  expect(await urlOf('alerts', { postgresUrl: 'postgres://flag/db' })).toBe('postgres://flag/db');
  expect((await connections({ sources }, env).postgres('alerts')).password).toBe('pw');
});

test('postgres: the variables of libpq', async () => {
  const env = {
    PGHOST: 'h',
    PGPORT: '5433',
    PGUSER: 'u',
    PGDATABASE: 'd',
    PGPASSWORD: 'p',
    PGSSLMODE: 'verify-full',
  };
  expect(await connections({}, env).postgres()).toMatchObject({
    host: 'h',
    port: 5433,
    user: 'u',
    database: 'd',
    password: 'p',
    sslmode: 'verify-full',
  });
  await expect(connections({}, { ...env, PGPORT: 'x' }).postgres()).rejects.toThrow(
    'PGPORT: expected a whole number, got "x"',
  );
});

test('sqs: the region of the shell is not put on a queue of another region', async () => {
  const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/1/jobs';
  expect((await connections({}, { AWS_REGION: 'us-east-1' }, { queueUrl }).sqs()).region).toBeUndefined();
  expect(
    (await connections({}, { AWS_REGION: 'us-east-1', SQS_QUEUE_URL: 'http://localhost:1/1/jobs' }).sqs())
      .region,
  ).toBe('us-east-1');
});

test('a source that is not there, or of another kind, is named', async () => {
  const sources = { alerts: { kind: 'postgres' as const, url: 'postgres://h/d' } };
  await expect(connections({ sources }).postgres('alert')).rejects.toMatchObject({
    code: 'SOURCE_UNKNOWN',
    hint: ['did you mean alerts?'],
  });
  await expect(connections({ sources }).sqs('alerts')).rejects.toMatchObject({ code: 'SOURCE_KIND' });
});

test('addresses that cannot be meant are refused', () => {
  for (const text of ['', 'a:b', 'a:0', 'a:70000', '::1', 'a b'])
    expect(() => parseHostPorts([text], 'f', 1)).toThrow('expected host:port');
});

test('secrets: file and command, and errors that do not repeat what was printed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-secrets-'));
  const script = join(folder, 'print.sh');
  await writeFile(script, '#!/bin/sh\necho sw0rdfish\nexit $1\n');
  await chmod(script, 0o700);
  expect(await resolveSecret({ passwordCommand: [script, '0'] }, 'redis')).toBe('sw0rdfish');
  const failed = await resolveSecret({ passwordCommand: [script, '3'] }, 'redis').catch(
    (error: Error) => error,
  );
  expect(failed).toMatchObject({
    code: 'PASSWORD_COMMAND_FAILED',
    message: `redis.passwordCommand: ${script} failed (exit 3)`,
  });
  expect(JSON.stringify(failed)).not.toContain('sw0rdfish');
  await expect(resolveSecret({ passwordFile: join(folder, 'none') }, 'redis')).rejects.toMatchObject({
    code: 'CONFIG_FILE_UNREADABLE',
  });
  expect(await resolveSecret({}, 'redis')).toBeUndefined();
});
