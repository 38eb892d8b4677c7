import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { runProgram } from '../../../src/backends/process/index.ts';
import { startRedis } from '../../../test/support/redis.ts';
import { freePort } from '../../../test/support/server-process.ts';
import { type ServiceManager, startServiceManager } from '../../../test/support/service-manager.ts';
import type { Stage } from '../../kit/scenario.ts';
import { print, Terminal } from '../../kit/terminal.ts';
import { Books } from './books.ts';
import { SERVICES, SHARED, streamOf } from './names.ts';

/** The platform: its Redis, its services under docker compose, who looks after it, and what is known without qctl. */
export interface Team {
  terminal: Terminal;
  redis: Redis;
  /** The process of its Redis. */
  serverPid: number;
  books: Books;
  services: ServiceManager;
  /** Where the page is served. */
  monitor: string;
  /** Titles of the messages that the channel of the team has got. */
  slack: string[];
  /** Types a command of docker compose. */
  compose(...words: string[]): Promise<void>;
}

/** As `redis.conf` of the team has it, but for the policy: see the first part. */
const SETTINGS = ['--maxmemory', '2gb', '--maxmemory-policy', 'allkeys-lru'];

export async function startTeam({ folder, onEnd }: Stage): Promise<Team> {
  const password = randomBytes(12).toString('hex');
  const server = await startRedis({ password, aof: 'everysec', args: SETTINGS });
  onEnd(() => server.stop());
  const redis = new Redis(server.url);
  onEnd(async () => redis.disconnect());
  const passwordFile = join(folder, 'redis-password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  const services = await startServices(server.url, folder);
  onEnd(() => services.dispose());
  const slack = await startSlack(onEnd);
  const monitor = `127.0.0.1:${await freePort()}`;
  const terminal = new Terminal({
    settings: {
      REDIS_STREAMS_URL: `redis://${server.host}:${server.port}/0`,
      REDIS_PASSWORD_FILE: passwordFile,
      MONITOR_LISTEN: monitor,
      // A night in fast motion: what is 5 minutes there.
      STUCK_AFTER: '300ms',
    },
    hidden: { ...services.env, SLACK_WEBHOOK_URL: slack.url, QCTL_STATE_DIR: join(folder, 'state') },
    cwd: folder,
  });
  onEnd(() => terminal.close());
  const compose = async (...words: string[]) => {
    const argv = ['docker', 'compose', ...words];
    print(`$ ${argv.join(' ')}`);
    const done = await runProgram({ argv, env: services.env, timeoutMs: 30_000 });
    if (done.ended !== 'ok') throw new Error(`${argv.join(' ')}: ${done.ended}\n${done.tail}`);
  };
  const books = new Books(redis);
  return { terminal, redis, serverPid: server.pid, books, services, monitor, slack: slack.titles, compose };
}

/** At first there is one stream for all; the processors of the nine are not started yet. */
function startServices(url: string, folder: string): Promise<ServiceManager> {
  const run = (file: string) => ({
    argv: [process.execPath, fileURLToPath(new URL(`../services/${file}.mjs`, import.meta.url))],
  });
  const processors = (name: string, streams: string[]) => ({
    ...run('processors'),
    env: {
      REDIS_URL: url,
      CONSUMER: name,
      STREAMS: streams.join(','),
      PROCESSOR_WORKERS: '4',
      MAX_RETRIES: '3',
    },
  });
  return startServiceManager({
    services: {
      automation: {
        ...run('automation'),
        env: { REDIS_URL: url },
        envFile: join(folder, 'automation.env'),
        running: true,
      },
      'shared-processors': { ...processors('shared-1', [SHARED]), running: true },
      processors: processors('processors-1', SERVICES.map(streamOf)),
    },
  });
}

/** An incoming webhook. */
async function startSlack(onEnd: Stage['onEnd']): Promise<{ url: string; titles: string[] }> {
  const titles: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      titles.push((JSON.parse(body) as { text: string }).text);
      response.end('ok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onEnd(async () => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, titles };
}
