import { beforeAll } from 'vitest';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';
import { useOwnRedis } from './own-redis.ts';
import { type CommandEnd, type CommandSetting, runCommand } from './run-command.ts';

/** Nothing of this may be seen anywhere. */
export const SECRET = 'hunter2-secret';

// The SDK reads them itself; any will do for the emulator.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });

/** A table in a database of its own. */
export async function tableOf(rows: number) {
  const postgres = sharedPostgres();
  const url = await postgres.createDatabase();
  const database = new URL(url).pathname.slice(1);
  const sql = (text: string) => postgres.query(text, [], database);
  await sql('CREATE TABLE alerts (id bigserial PRIMARY KEY, kind text, payload text)');
  await sql(
    `INSERT INTO alerts (kind, payload) SELECT (ARRAY['mail', 'text'])[1 + i % 2], 'body ' || i FROM generate_series(1, ${rows}) i`,
  );
  // Else the statistics come to the server sometime, and are a change between two analyses.
  await postgres.endSessions(database);
  return { url, sql };
}

/** A server with a password that keeps what it has, a table and a queue, and a qctl.yaml that names them. */
export function useMigration() {
  const redis = useOwnRedis({ aof: 'everysec', password: SECRET, args: ['--maxmemory', '500mb'] });
  let table: Awaited<ReturnType<typeof tableOf>>;
  let queueUrl: string;
  beforeAll(async () => {
    table = await tableOf(50);
    queueUrl = await sharedSqs().createQueue(uniqueName('analyse'));
    await sharedSqs().send(queueUrl, ['one', 'two', 'three']);
  });
  const config = () => `profiles:
  default:
    sources:
      alerts: { kind: postgres, url: '${table.url}', table: alerts, type: kind, stream: alerts }
      hooks: { kind: sqs, queueUrl: '${queueUrl}', endpoint: '${sharedSqs().endpoint}', region: us-east-1, stream: hooks }
`;
  const run = (argv: string[], setting: CommandSetting = {}): Promise<CommandEnd> =>
    runCommand(['analyse', ...argv], { url: redis.server.url, config: config(), ...setting });
  return {
    redis,
    get table() {
      return table;
    },
    get queueUrl() {
      return queueUrl;
    },
    run,
    /** What `-o json` prints. */
    async json(...argv: string[]) {
      return JSON.parse((await run([...argv, '-o', 'json'])).stdout);
    },
    /** The stream of source alerts is none: a blocker. */
    block: () => redis.client.set('alerts', 'no stream'),
    /** Nothing is kept on disk: a warning. */
    async forgetting<T>(work: () => Promise<T>): Promise<T> {
      await redis.client.config('SET', 'appendonly', 'no');
      return work().finally(() => redis.client.config('SET', 'appendonly', 'yes'));
    },
  };
}
