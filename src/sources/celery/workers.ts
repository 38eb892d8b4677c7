import { replyCode } from '../../backends/redis/index.ts';
import type { Broker } from './broker.ts';

/** A client that waits for messages of lists, as each Celery worker does for as long as it lives. */
export interface WaitingClient {
  /** `10.0.0.7:51234` */
  address: string;
  /** Its `client_name`, where it has given one. */
  name: string | null;
  ageSeconds: number;
}

/**
 * Clients that wait in the database of the broker with BRPOP; for which lists, Redis does not tell. A worker
 * that has as much as it may prefetch does not wait, and is not among them.
 *
 * @returns null where this user may not ask
 */
export async function waitingClients(broker: Broker, db: number): Promise<WaitingClient[] | null> {
  const list = await broker.ask('list the clients of the broker', async (client) => {
    try {
      return String(await client.client('LIST'));
    } catch (error) {
      if (['NOPERM', 'ERR'].includes(replyCode(error))) return null;
      throw error;
    }
  });
  if (list === null) return null;
  return list
    .split('\n')
    .map((line) => new Map(line.trim().split(' ').map(pairOf)))
    .filter((of) => of.get('cmd') === 'brpop' && of.get('db') === String(db))
    .map((of) => ({
      address: of.get('addr') ?? '',
      name: of.get('name') || null,
      ageSeconds: Number(of.get('age')),
    }));
}

function pairOf(field: string): [string, string] {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
}
