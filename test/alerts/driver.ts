import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AlertEvent,
  type AlertPlan,
  AlertRunner,
  type AlertRunnerOptions,
  readAlerts,
} from '../../src/alerts/index.ts';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { loadConfig } from '../../src/config/load.ts';

/** A plan from the text of `alerts:`, indented by nothing. */
export async function planOf(alerts: string, more = ''): Promise<AlertPlan> {
  const file = await configFile(alerts, more);
  return readAlerts(await loadConfig({ flags: { config: file }, env: {} }));
}

/** A qctl.yaml with one profile. */
export async function configFile(alerts: string, more = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-alerts-'));
  const file = join(folder, 'qctl.yaml');
  const indented = alerts.trim().replace(/^/gm, '      ');
  await writeFile(file, `profiles:\n  test:\n${more}    alerts:\n${indented}\n`);
  return file;
}

/** A runner, as one process would have it. */
export interface Host {
  runner: AlertRunner;
  events: AlertEvent[];
  stop(): Promise<void>;
}

/** A folder of a host that nothing else uses. */
export function stateFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'qctl-alert-state-'));
}

/** Alerts of a plan over a Redis that may be away. */
export async function hostOf(
  plan: AlertPlan,
  url: string,
  folder: string,
  options: AlertRunnerOptions & { env?: Record<string, string>; name?: string } = {},
): Promise<Host> {
  const { env = {}, name = 'here', ...rest } = options;
  const events: AlertEvent[] = [];
  let connecting: Promise<RedisConnection> | undefined;
  const redis = (): Promise<RedisConnection> => {
    connecting ??= connectRedis({ url }).catch((error) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  const doors = {
    redis,
    postgres: () => Promise.reject(new Error('there is no Postgres in this test')),
    broker: () => Promise.reject(new Error('there is no broker in this test')),
    sqs: () => Promise.reject(new Error('there is no SQS in this test')),
    config: async () => ({ sources: {}, streams: {} }),
    env: { PATH: process.env.PATH, ...env },
    stateFolder: folder,
    host: name,
  };
  const runner = new AlertRunner(plan, doors, { ...rest, onEvent: (event) => events.push(event) });
  return {
    runner,
    events,
    async stop() {
      await runner.stop({ hard: true });
      await (await connecting?.catch(() => undefined))?.close();
    },
  };
}
