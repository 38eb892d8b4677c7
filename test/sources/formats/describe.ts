import pg from 'pg';
import type { PostgresSpec } from '../../../src/drain/index.ts';
import {
  describeQueue,
  type FormatChoice,
  type FoundQueue,
  formatOf,
} from '../../../src/sources/postgres/formats/index.ts';
import type { FormatName } from '../../../src/sources/postgres/spec.ts';

/** A session of an application, a worker or an operator. */
export async function sessionOf(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'a worker' });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The spec of the one queue in a database. */
export async function specOf(
  url: string,
  name: FormatName,
  choice: Partial<FormatChoice> = {},
): Promise<PostgresSpec> {
  return withClient(url, (client) => describeQueue(client, name, { include: [], ...choice }));
}

/** What a format says of the one queue in a database. */
export async function about(url: string, name: FormatName, choice: Partial<FormatChoice> = {}) {
  return withClient(url, async (client) => {
    const format = formatOf(name)!;
    const found: FoundQueue[] = await format.detect(client);
    const whole = { include: [], ...choice };
    return {
      found,
      workers: await format.workers(client, found[0]!),
      findings: (await format.findings?.(client, found[0]!, whole)) ?? [],
      freeze: format.freeze?.(found[0]!, whole),
    };
  });
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await sessionOf(url);
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
