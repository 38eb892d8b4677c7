import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { startPostgres } from '../../../test/support/postgres.ts';
import { startRedis } from '../../../test/support/redis.ts';
import { freePort } from '../../../test/support/server-process.ts';
import { type ServiceManager, startServiceManager } from '../../../test/support/service-manager.ts';
import type { Stage } from '../../kit/scenario.ts';
import { Terminal } from '../../kit/terminal.ts';
import { Evidence } from './evidence.ts';

export const TYPES = ['sample-selection', 'planning', 'scoping', 'data-profiling', 'test-execution'] as const;
/** A type of job; its route and its stream are named after it. */
export type Type = (typeof TYPES)[number];
/** A worker that has said nothing for so long is gone. */
const STUCK_AFTER = '1s';

/** Everything that stands around qctl. */
export interface Team {
  redis: Redis;
  /** Of Celery: another database of the same Redis. */
  brokerUrl: string;
  /** Rows of one statement in the database of the team. */
  query<T extends object>(sql: string, params?: unknown[]): Promise<T[]>;
  /** A request to the web application: `call('POST', 'jobs/ID/pause')`. */
  call<T = Record<string, string>>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
  /** Jobs a second by type, from now on; `busy` ones while the route of the type stands between 0 and 100 %. */
  traffic(rates: Partial<Record<Type, { calm: number; busy?: number }>>): Promise<void>;
  evidence: Evidence;
  manager: ServiceManager;
  /** Where the night is carried out. */
  ops: Terminal;
  /** Somebody on another host: another name, another folder for what qctl keeps on a host. */
  other: Terminal;
}

const app = (name: string) => [process.execPath, fileURLToPath(new URL(`../app/${name}`, import.meta.url))];

/** Starts servers, web application and (with no replicas yet) workers. */
export async function startTeam({ folder, onEnd }: Stage): Promise<Team> {
  const [server, postgres] = await Promise.all([startRedis({ aof: 'everysec' }), startPostgres()]);
  onEnd(() => Promise.all([server.stop(), postgres.stop()]));
  const database = await postgres.createDatabase();
  const name = new URL(database).pathname.slice(1);
  const query: Team['query'] = (sql, params) => postgres.query(sql, params, name);
  await query(readFileSync(join(folder, 'app/tables.sql'), 'utf8'));
  const evidence = join(folder, 'evidence');
  await mkdir(evidence);
  const api = `http://127.0.0.1:${await freePort()}`;
  const common = { SYNAPSE_REDIS: server.url, SYNAPSE_DATABASE: database, EVIDENCE: evidence };
  const manager = await startServiceManager({ deployments: deployments(common, new URL(api).port) });
  onEnd(() => manager.dispose());
  const redis = new Redis(server.url);
  onEnd(async () => redis.disconnect());
  const settings = {
    SYNAPSE_REDIS: server.url,
    SYNAPSE_BROKER: `${server.url}/1`,
    SYNAPSE_DATABASE: database,
    SYNAPSE_API: api,
    JOB_STUCK_AFTER: STUCK_AFTER,
  };
  const { ops, other } = terminals(folder, settings, manager);
  onEnd(() => Promise.all([ops.close(), other.close()]));
  const call = requestsTo(api);
  return {
    redis,
    brokerUrl: settings.SYNAPSE_BROKER,
    query,
    call: (method, path, body) => call(method, `/api/v1/${path}`, body),
    traffic: async (rates) => {
      await call('POST', '/traffic', rates);
    },
    evidence: new Evidence(evidence),
    manager,
    ops,
    other,
  };
}

function deployments(common: Record<string, string>, port: string) {
  const worker = (...types: string[]) => ({
    argv: app('worker.mjs'),
    env: { ...common, TYPES: types.join(',') },
    replicas: 0,
  });
  return {
    app: { argv: app('app.mjs'), env: { ...common, TYPES: TYPES.join(','), PORT: port } },
    'worker-low': worker('sample-selection'),
    'worker-medium': worker('planning', 'scoping'),
    'worker-high': worker('data-profiling', 'test-execution'),
  };
}

function terminals(folder: string, settings: Record<string, string>, manager: ServiceManager) {
  const hidden = (host: string) => ({
    PATH: `${manager.binFolder}:${process.env.PATH}`,
    XDG_STATE_HOME: join(folder, `state-of-${host}`),
  });
  const ops = new Terminal({ settings, hidden: hidden('ops-a'), cwd: folder });
  const another = {
    ...hidden('ops-b'),
    ...settings,
    TYPED_ON: 'ops-b',
    NODE_OPTIONS: `--import ${pathToFileURL(join(folder, 'app/host.mjs'))}`,
  };
  return { ops, other: new Terminal({ settings: {}, hidden: another, cwd: folder, prompt: 'ops-b$' }) };
}

function requestsTo(api: string) {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${api}${path}`, { method, body: body ? JSON.stringify(body) : undefined });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
}
