import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startSentinel, type TestSentinel } from '../../test/support/redis-topologies.ts';
import { type ServiceManager, startServiceManager } from '../../test/support/service-manager.ts';
import { startSqs, type TestSqs } from '../../test/support/sqs.ts';
import type { Stage } from '../kit/scenario.ts';
import type { Terminal } from '../kit/terminal.ts';
import { deployments, type Files, settingsOf } from './deployments.ts';
import { terminalOf } from './shell.ts';

/** What spoils the workers; see services/worker.mjs. */
export interface Faults {
  hang?: string;
  redisMs?: number;
  sqsMs?: number;
}

/** One line of what the workers have written down. */
export interface Worked {
  side: 'sqs' | 'redis';
  pod: string;
  /** `known`: the delivery had been worked on before, and was not again. */
  what: 'worked' | 'known';
  delivery: string;
}

/** The team with its servers, its deployments, and somebody at a terminal. */
export interface Team {
  stage: Stage;
  terminal: Terminal;
  sentinel: TestSentinel;
  sqs: TestSqs;
  queueUrl: string;
  manager: ServiceManager;
  /** A client of our own, to look past qctl. */
  redis: Redis;
  spoil(faults: Faults): Promise<void>;
  /** Deliveries that were confirmed to GitHub, by the side that took them; `seeded` ones among them. */
  accepted(side?: 'sqs' | 'redis'): Promise<string[]>;
  worked(): Promise<Worked[]>;
  /** Puts webhooks into the old queue, as somebody does who was forgotten. */
  sendToOldQueue(deliveries: string[]): Promise<void>;
}

/** Starts everything, on the old side. */
export async function openTeam(stage: Stage): Promise<Team> {
  const password = randomBytes(12).toString('hex');
  const [sentinel, sqs] = await Promise.all([
    startSentinel({
      name: 'webhook-master',
      sentinels: 3,
      tls: true,
      password,
      aof: 'everysec',
      downAfterMs: 1000,
    }),
    startSqs(),
  ]);
  stage.onEnd(() => Promise.all([sentinel.stop(), sqs.stop()]));
  const queueUrl = await sqs.createQueue('webhooks');
  const files = filesOf(stage.folder);
  await writeFile(files.faults, JSON.stringify({ sqsMs: 120 }));
  const settings = settingsOf(sentinel, sqs.endpoint, queueUrl);
  const deliveries = (at: string) => linesOf(at).then((lines) => lines.map((line) => line.split(' ')));
  const team = { stage, sentinel, sqs, queueUrl };
  const sendToOldQueue = async (ids: string[]) => {
    await sqs.send(
      queueUrl,
      ids.map((delivery) => JSON.stringify({ delivery, event: 'push', repository: 'devops-mcp' })),
    );
    await writeFile(files.accepted, ids.map((id) => `sqs ${id}\n`).join(''), { flag: 'a' });
  };
  // The webhooks of the weekend, so that there is a backlog.
  await sendToOldQueue(Array.from({ length: 200 }, (_, at) => `weekend-${at}`));
  const manager = await startServiceManager({
    deployments: deployments(settings, files),
    secrets: { 'redis/password': password },
  });
  stage.onEnd(() => manager.dispose());
  const redis = clientOf(sentinel, password, await readFile(settings.REDIS_TLS_CA_FILE!));
  stage.onEnd(async () => redis.disconnect());
  return {
    ...team,
    sendToOldQueue,
    manager,
    redis,
    terminal: await terminalOf(stage, settings, password, manager),
    spoil: (faults) => writeFile(files.faults, JSON.stringify(faults)),
    accepted: async (side) =>
      (await deliveries(files.accepted)).flatMap(([by, id]) =>
        side === undefined || by === side ? id! : [],
      ),
    worked: async () =>
      (await deliveries(files.worked)).map(
        ([side, pod, what, delivery]) => ({ side, pod, what, delivery }) as Worked,
      ),
  };
}

function filesOf(folder: string): Files {
  const at = (name: string) => join(folder, name);
  return { accepted: at('accepted.log'), worked: at('worked.log'), faults: at('faults.json') };
}

function clientOf({ sentinels, name }: TestSentinel, password: string, ca: Buffer): Redis {
  const redis = new Redis({
    sentinels,
    name,
    password,
    tls: { ca },
    enableTLSForSentinelMode: true,
    sentinelTLS: { ca },
    maxRetriesPerRequest: null,
    retryStrategy: () => 100,
    sentinelRetryStrategy: () => 100,
  });
  redis.on('error', () => undefined);
  return redis;
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // A line that is being written is one of the next look.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
}
