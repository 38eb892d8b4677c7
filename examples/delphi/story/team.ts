import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startPostgres } from '../../../test/support/postgres.ts';
import { startRedis } from '../../../test/support/redis.ts';
import { freePort } from '../../../test/support/server-process.ts';
import type { Stage } from '../../kit/scenario.ts';
import { Terminal } from '../../kit/terminal.ts';
import { type Hook, openHook } from './hook.ts';
import { Services } from './services.ts';

/** The team's servers and services, at work on their old side. */
export interface Team {
  services: Services;
  terminal: Terminal;
  /** A client of the story's own. */
  redis: Redis;
  /** URL of the webhook, and what it lets in. */
  webhook: string;
  token: string;
  /** URL of the mail relay. */
  email: string;
  /** What came in for Slack. */
  slack: Hook;
  envFile: string;
  /** Rows of the table that are not finished. */
  openRows(): Promise<number>;
}

/** Starts everything on free ports; the addresses go into the copy of `.env`. */
export async function startTeam({ folder, onEnd }: Stage): Promise<Team> {
  const { redisUrl, databaseUrl, openRows } = await startServers(folder, onEnd);
  const [webhook, wazuh, llm, email] = (await Promise.all(Array.from({ length: 4 }, freePort))).map(local);
  const token = 'made up for this run';
  const tokenFile = join(folder, 'webhook-token');
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const addresses = {
    DELPHI_WEBHOOK_LISTEN: new URL(webhook!).host,
    DELPHI_WEBHOOK_TOKEN_FILE: tokenFile,
    DELPHI_DATABASE_URL: databaseUrl,
    DELPHI_REDIS_ADDR: new URL(redisUrl).host,
    WAZUH_API: wazuh!,
    LLM_API: llm!,
    EMAIL_API: email!,
  };
  const envFile = join(folder, '.env');
  settle(envFile, addresses);
  const ports = { wazuh: portOf(wazuh!), llm: portOf(llm!), email: portOf(email!) };
  const services = await Services.start(folder, envFile, ports);
  onEnd(() => services.stop());
  const slack = await openHook();
  onEnd(slack.close);
  const redis = new Redis(redisUrl);
  onEnd(async () => redis.disconnect());
  const terminal = new Terminal({
    settings: { DELPHI_REDIS_ADDR: addresses.DELPHI_REDIS_ADDR, DELPHI_DATABASE_URL: databaseUrl },
    hidden: {
      PATH: `${services.binFolder}:${process.env.PATH}`,
      XDG_STATE_HOME: join(folder, 'state'),
      DELPHI_WEBHOOK_TOKEN: token,
      DELPHI_HEALTH_URL: `${webhook}/health`,
      DELPHI_SLACK_URL: slack.url,
      DELPHI_ONCALL_URL: slack.url,
    },
    cwd: folder,
  });
  onEnd(() => terminal.close());
  const given = { webhook: `${webhook}/webhook`, token, email: email!, envFile };
  return { ...given, services, terminal, redis, slack, openRows };
}

async function startServers(folder: string, onEnd: Stage['onEnd']) {
  const [redis, postgres] = await Promise.all([startRedis({ aof: 'everysec' }), startPostgres()]);
  onEnd(() => Promise.all([redis.stop(), postgres.stop()]));
  const databaseUrl = await postgres.createDatabase();
  const database = new URL(databaseUrl).pathname.slice(1);
  await postgres.query(readFileSync(join(folder, 'schema.sql'), 'utf8'), [], database);
  const count = "SELECT count(*)::int AS open FROM alerts WHERE state <> 'sent'";
  const openRows = async () => (await postgres.query<{ open: number }>(count, [], database))[0]!.open;
  return { redisUrl: redis.url, databaseUrl, openRows };
}

/** Puts the values that this machine has into a file of settings. */
function settle(file: string, values: Record<string, string>): void {
  let text = readFileSync(file, 'utf8');
  for (const [name, value] of Object.entries(values))
    text = text.replace(new RegExp(`^${name}=.*$`, 'm'), () => `${name}=${value}`);
  writeFileSync(file, text);
}

function local(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
