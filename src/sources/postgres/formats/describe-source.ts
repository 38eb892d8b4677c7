import type { Client } from 'pg';
import { connectPostgres, type PostgresOptions } from '../../../backends/postgres/index.ts';
import { readTable } from '../catalog.ts';
import { SESSION_SETTINGS } from '../session.ts';
import type { FormatName, PostgresSpec } from '../spec.ts';
import type { FormatChoice } from './format.ts';
import { describeFound, describeQueue, detectQueues } from './index.ts';

/** What a client asks by in place of itself: one that asks less, for example. */
export type Asking = (client: Client) => Promise<Client>;

const ITSELF: Asking = (client) => Promise.resolve(client);

/** Connects, and finds and describes the queue that is meant; errors as {@link describeQueue}. */
export function describeSource(
  options: PostgresOptions,
  format: FormatName | undefined,
  choice: FormatChoice,
  asking: Asking = ITSELF,
): Promise<PostgresSpec> {
  return withClient(options, async (client) => describeQueue(await asking(client), format, choice));
}

/**
 * The spec of the job library's queue that the table is of; undefined where it is none of these.
 *
 * @throws QctlError `refused` where the library's version is not understood
 */
export function describeTable(
  options: PostgresOptions,
  table: string,
  choice: FormatChoice,
  asking: Asking = ITSELF,
): Promise<PostgresSpec | undefined> {
  return withClient(options, async (own) => {
    const client = await asking(own);
    const { oid, schema, relation } = await readTable(client, { table });
    for (const { format, found } of await detectQueues(client)) {
      if (found.schema !== schema) continue;
      const queues = format.queuesOfTable?.(found, relation);
      if (format.queuesOfTable && !queues) continue;
      const narrowed = { ...choice, schema, ...(queues && queues.length > 0 && { queues }) };
      const spec = await describeFound(client, { format, found }, narrowed);
      if ((await readTable(client, spec)).oid === oid) return spec;
    }
    return undefined;
  });
}

async function withClient<T>(options: PostgresOptions, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectPostgres({ ...options, applicationName: 'qctl' });
  try {
    await client.query(SESSION_SETTINGS);
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
