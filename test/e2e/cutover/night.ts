import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { ownDatabase } from '../../drain/driver.ts';
import { bundleScript } from '../../support/bundle.ts';
import { type QctlOptions, type QctlResult, runQctl, spawnQctl } from '../../support/qctl.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { ownFolder } from '../../support/server-process.ts';
import { type ServiceManager, startServiceManager } from '../../support/service-manager.ts';
import { sharedSqs, uniqueName } from '../../support/shared.ts';
import { waitFor } from '../../support/wait.ts';

/** What spoils the new side while a plan runs. */
export interface Faults {
  errors?: boolean;
  delayMs?: number;
}

/** What stands outside of qctl. */
export interface Outside {
  envFile: string;
  runs: Record<string, boolean>;
  variables: Record<string, unknown>;
}

/** A system at night: producers and workers as real processes, and messages flowing all the time. */
export interface Night {
  folder: string;
  redis: Redis;
  server: TestRedis;
  manager: ServiceManager;
  envFile: string;
  stream: string;
  spoil(faults: Faults): void;
  /** Makes the new side good for another plan. */
  heal(): Promise<void>;
  /** Writes a plan and returns its path. */
  plan(text: string): string;
  qctl(args: string[], options?: QctlOptions): Promise<QctlResult>;
  spawn(args: string[], options?: QctlOptions): ReturnType<typeof spawnQctl>;
  produced(): string[];
  processed(side?: 'old' | 'new'): string[];
  /** Waits until so many more have been worked on by that side. */
  flowing(side: 'old' | 'new', more?: number): Promise<void>;
  /** Everything that a plan changes: the file, byte for byte; what runs; variables of deployments. */
  outside(): Promise<Outside>;
  /** Ends the producer, waits for the last message, and compares: each exactly once, none else. */
  expectExactlyOnce(): Promise<void>;
  close(): Promise<void>;
}

const GROUP = 'workers';

/** Starts it on its old side: `postgres` under systemctl, or `sqs` in deployments. */
export async function openNight(kind: 'postgres' | 'sqs'): Promise<Night> {
  const folder = mkdtempSync(join(tmpdir(), 'qctl-night-'));
  const server = await startRedis();
  const redis = new Redis(server.url);
  await redis.mset('new:errors', 0, 'new:latency', 0);
  const files = Object.fromEntries(
    ['produced', 'processed', 'faults'].map((name) => [name, join(folder, `${name}.log`)]),
  ) as Record<'produced' | 'processed' | 'faults', string>;
  const envFile = join(folder, 'app.env');
  writeFileSync(envFile, `# queue of the alerts\nQUEUE_TYPE=${kind}\n\nLOG_LEVEL="info"  # as ever\n`);
  const ends = kind === 'postgres' ? await tableEnds() : await queueEnds();
  const common = {
    ...ends.env,
    PATH: process.env.PATH ?? '',
    REDIS_URL: server.url,
    STREAM: 'alerts',
    GROUP,
    PROCESSED_FILE: files.processed,
    PRODUCED_FILE: files.produced,
    FAULTS_FILE: files.faults,
  };
  writeFileSync(join(folder, 'qctl.yaml'), configuration(server.url, ends.source));
  bundled ??= programs();
  const own = await bundled;
  const manager = await startServiceManager(
    kind === 'postgres' ? units(own, common, envFile) : deployments(own, common),
  );
  const lines = (file: string) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const options = (more: QctlOptions = {}): QctlOptions => ({
    cwd: folder,
    // A busy machine is no reason to kill it.
    timeoutMs: 170_000,
    ...more,
    env: {
      ...manager.env,
      PATH: `${manager.binFolder}:${process.env.PATH}`,
      XDG_STATE_HOME: join(folder, 'state'),
      ...more.env,
    },
  });
  const stopProducer = async () => {
    const argv =
      kind === 'postgres'
        ? ['systemctl', 'stop', 'producer.service']
        : ['kubectl', 'scale', 'deployment/producer', '--replicas=0'];
    await promisify(execFile)(join(manager.binFolder, argv[0]!), argv.slice(1), { env: manager.env });
    // kubectl does not wait for pods to end.
    await waitFor(async () => (await manager.podsOf('producer')).length === 0, {
      what: 'the end of the producer',
    });
  };
  const night: Night = {
    folder,
    redis,
    server,
    manager,
    envFile,
    stream: 'alerts',
    spoil: (faults) => writeFileSync(files.faults, JSON.stringify(faults)),
    async heal() {
      night.spoil({});
      await redis.mset('new:errors', 0, 'new:latency', 0);
    },
    plan(text) {
      const path = join(folder, `${uniqueName('plan')}.yaml`);
      writeFileSync(path, text);
      return path;
    },
    qctl: (args, more) => runQctl(args, options(more)),
    spawn: (args, more) => spawnQctl(args, options(more)),
    produced: () => lines(files.produced),
    processed: (side) =>
      lines(files.processed).flatMap((line) => {
        const [by, id] = line.split(' ');
        return side === undefined || by === side ? [id!] : [];
      }),
    async flowing(side, more = 20) {
      const before = night.processed(side).length;
      await waitFor(() => night.processed(side).length >= before + more, {
        what: `messages on the ${side} side`,
        timeoutMs: 45_000,
        everyMs: 100,
      });
    },
    outside: () => outsideOf(kind, manager, envFile),
    async expectExactlyOnce() {
      await stopProducer();
      await waitFor(() => night.processed().length >= night.produced().length, {
        what: 'the last message',
        timeoutMs: 30_000,
        everyMs: 100,
      });
      expect(night.processed().toSorted()).toEqual(night.produced().toSorted());
    },
    async close() {
      await manager.dispose();
      redis.disconnect();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return night;
}

const UNITS = ['producer.service', 'worker-old.service', 'worker-new.service'];
const DEPLOYMENTS = ['producer', 'worker-a', 'worker-b'];

async function outsideOf(
  kind: 'postgres' | 'sqs',
  manager: ServiceManager,
  envFile: string,
): Promise<Outside> {
  const found: Outside = { envFile: readFileSync(envFile, 'latin1'), runs: {}, variables: {} };
  if (kind === 'postgres') for (const unit of UNITS) found.runs[unit] = (await manager.pidOf(unit)) !== null;
  else
    for (const name of DEPLOYMENTS) {
      const argv = ['get', `deployment/${name}`, '-o', 'json'];
      const { stdout } = await promisify(execFile)(join(manager.binFolder, 'kubectl'), argv, {
        env: manager.env,
      });
      found.variables[name] = JSON.parse(stdout).spec.template.spec.containers[0].env;
      found.runs[name] = (await manager.podsOf(name)).length > 0;
    }
  return found;
}

async function tableEnds() {
  const database = await ownDatabase();
  await database.sql('CREATE TABLE jobs (id text PRIMARY KEY, payload text NOT NULL, state text NOT NULL)');
  const source = `{ kind: postgres, url: "${database.url}", format: generic, table: public.jobs, id: id,
        payload: payload, ready: "state = 'pending'", done: { delete: true }, restore: { state: "'pending'" }, stream: alerts }`;
  return { env: { DATABASE_URL: database.url }, source };
}

async function queueEnds() {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('night'));
  const env = {
    SQS_ENDPOINT: sqs.endpoint,
    QUEUE_URL: queueUrl,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const source = `{ kind: sqs, queueUrl: "${queueUrl}", region: us-east-1, endpoint: "${sqs.endpoint}", stream: alerts }`;
  return { env, source };
}

function configuration(redisUrl: string, source: string): string {
  return `profiles:
  night:
    redis: { url: "${redisUrl}" }
    sources:
      jobs: ${source}
    streams:
      alerts: { group: ${GROUP} }
`;
}

let bundled: Promise<Programs> | undefined;

/** What a unit runs, bundled once: each night starts them many times, and the SDK alone is hundreds of files. */
interface Programs {
  producer: string[];
  worker: string[];
}

async function programs(): Promise<Programs> {
  const folder = ownFolder('night-programs');
  const built = async (name: string) => [
    process.execPath,
    await bundleScript(fileURLToPath(new URL(name, import.meta.url)), folder),
  ];
  const [producer, worker] = await Promise.all([built('producer.mjs'), built('worker.mjs')]);
  return { producer: producer!, worker: worker! };
}

function units({ producer, worker }: Programs, common: Record<string, string>, envFile: string) {
  return {
    units: {
      'producer.service': { argv: producer, env: common, envFile, running: true },
      'worker-old.service': {
        argv: worker,
        env: { ...common, QUEUE_TYPE: 'postgres' },
        running: true,
      },
      'worker-new.service': { argv: worker, env: { ...common, QUEUE_TYPE: 'redis' } },
    },
  };
}

function deployments({ producer, worker }: Programs, common: Record<string, string>) {
  const env = { ...common, QUEUE_TYPE: 'sqs' };
  return {
    deployments: {
      producer: { argv: producer, env, replicas: 1 },
      'worker-a': { argv: worker, env, replicas: 1 },
      'worker-b': { argv: worker, env, replicas: 1 },
    },
  };
}
