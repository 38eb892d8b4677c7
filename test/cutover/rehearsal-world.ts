import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ownDatabase } from '../drain/driver.ts';
import { cleanEnvironment } from '../support/qctl.ts';
import { startRedis } from '../support/redis.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { startServiceManager } from '../support/service-manager.ts';

/** Everything that a plan may touch, and a look at all of it. */
export type RehearsalWorld = Awaited<ReturnType<typeof openWorld>>;

/** Made by tests that start the binary; plans are written by them. */
const OF_TESTS = /qctl-home-|plan-\d+\.yaml$/;
const SLEEP = ['/bin/sh', '-c', 'test -z "$READY_FILE" || touch "$READY_FILE"; exec sleep 1000'];

/** A Redis, a database, services, files and a web server of its own; temporary files go to a folder of it, too. */
export async function openWorld() {
  const tmpBefore = process.env.TMPDIR;
  // Before temporary files go elsewhere: the home of all processes that this worker will start must outlive this world.
  cleanEnvironment();
  const folder = ownFolder('outside');
  const server = await startRedis();
  const redis = new Redis(server.url);
  const database = await ownDatabase();
  const manager = await startServiceManager({
    units: { 'worker-old.service': { argv: SLEEP, running: true }, 'worker-new.service': { argv: SLEEP } },
    deployments: { web: { argv: SLEEP, env: { QUEUE_TYPE: 'postgres' } } },
  });
  const calls: string[] = [];
  const web = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.end('fine');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  await database.sql('CREATE TABLE jobs (id text PRIMARY KEY, payload text NOT NULL, state text NOT NULL)');
  await database.sql("INSERT INTO jobs SELECT 'j' || n, '{}', 'pending' FROM generate_series(1, 5) AS n");
  await redis.mset('count', 7, 'kept', 'before');
  await redis.set('short-lived', 'x', 'EX', 5000);
  await redis.hset('settings', 'mode', 'old');
  await redis.xgroup('CREATE', 'alerts', 'workers', '0', 'MKSTREAM');
  await redis.xadd('alerts', '*', 'id', 'a', 'body', '{}');
  await redis.xreadgroup('GROUP', 'workers', 'c1', 'COUNT', 1, 'STREAMS', 'alerts', '>');
  mkdirSync(join(folder, 'files'));
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(join(folder, 'files', 'app.env'), 'QUEUE_TYPE=postgres # as ever\n', { mode: 0o640 });
  writeFileSync(join(folder, 'files', 'new.conf'), 'new');
  writeFileSync(join(folder, 'files', 'live.conf'), 'old', { mode: 0o604 });
  writeFileSync(
    join(folder, 'files', 'qctl.yaml'),
    `profiles:
  night:
    redis: { url: "${server.url}" }
    sources:
      jobs: { kind: postgres, url: "${database.url}", format: generic, table: public.jobs, id: id, payload: payload,
        ready: "state = 'pending'", done: { delete: true }, restore: { state: "'pending'" }, stream: alerts }
    streams: { alerts: { group: workers } }
`,
  );
  process.env.TMPDIR = join(folder, 'tmp');
  return {
    ...{
      folder,
      redis,
      server,
      manager,
      calls,
      url: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    },
    file: (name: string) => join(folder, 'files', name),
    env: {
      ...{ PATH: `${manager.binFolder}:${process.env.PATH}`, XDG_STATE_HOME: join(folder, 'files', 'state') },
      DEPLOY_TOKEN: 'tok3n-tok3n',
      TMPDIR: join(folder, 'tmp'),
    },
    /** All that is there, each thing under its name. */
    async look(): Promise<Record<string, unknown>> {
      const rows = await database.sql('SELECT *, xmin::text FROM jobs ORDER BY id');
      const tables = await database.sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
      );
      return {
        ...(await keysOf(redis)),
        ...filesOf(folder),
        ...{
          rows,
          tables: tables.map((one) => one.relname),
          tmp: readdirSync(tmpdir()).filter((name) => !OF_TESTS.test(name)),
        },
      };
    },
    async close() {
      if (tmpBefore === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = tmpBefore;
      web.closeAllConnections();
      web.close();
      redis.disconnect();
      await manager.dispose();
      await server.stop();
      await removeFolder(folder);
    },
  };
}

async function keysOf(redis: Redis): Promise<Record<string, unknown>> {
  const keys = (await redis.keys('*')).sort();
  const facts = await Promise.all(
    keys.map(async (key) => [
      `redis ${key}`,
      [(await redis.dumpBuffer(key))?.toString('base64'), await redis.pexpiretime(key)],
    ]),
  );
  return Object.fromEntries(facts);
}

function filesOf(folder: string): Record<string, unknown> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => !OF_TESTS.test(name));
  return Object.fromEntries(
    names.sort().map((name) => {
      const { mode, mtimeMs, ino } = lstatSync(join(folder, name));
      // What a folder holds is told by its files; one for temporary files was written to meanwhile.
      const own = (mode & 0o170000) === 0o100000;
      const sha256 =
        own &&
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex');
      return [`file ${name}`, own ? [mode, mtimeMs, ino, sha256] : [mode]];
    }),
  );
}
