import type { Client } from 'pg';
import { connectPostgres } from '../../../backends/postgres/index.ts';
import { SESSION_SETTINGS } from '../../../sources/postgres/session.ts';
import type { BackTarget } from '../request.ts';

/** A table that messages go back to. */
export type Target = Extract<BackTarget, { kind: 'postgres' }>;

/** A session of its own with the settings that all sessions of a drain rely on. */
export async function session(target: Target, run = ''): Promise<Client> {
  const applicationName = run === '' ? 'qctl' : `qctl/${run}`.slice(0, 63);
  const client = await connectPostgres({ ...target.connection, applicationName });
  await client.query(SESSION_SETTINGS);
  return client;
}
