import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { networkCode, within } from '../network.ts';
import { closeGuarded, type Guarded } from './client.ts';
import { isRetryable, replyCode } from './errors.ts';

/**
 * Brings a client up for the first time: connects, logs in, and gets an answer
 * to PING within `ms`. Throws the most telling raw error and leaves nothing open.
 */
export async function bringUp(guarded: Guarded, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  try {
    await within(guarded.client.connect(), ms);
    refuseWrongDatabase(guarded);
    await untilAnswered(guarded.client, deadline);
    guarded.established = true;
  } catch (error) {
    // The error event that explains a closed connection may come a tick after the rejection.
    await sleep(1);
    const telling = mostTelling(error, guarded.lastError);
    // Not awaited: a server that keeps silent does not hang up either.
    void closeGuarded(guarded);
    throw telling;
  }
}

// A failed SELECT is only an event for ioredis: it goes on, in database 0.
function refuseWrongDatabase({ lastError }: Guarded): void {
  if (lastError && (lastError as { command?: { name?: string } }).command?.name === 'select') throw lastError;
}

async function untilAnswered(client: Redis | Cluster, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await within(pingAll(client), Math.max(1, deadline - Date.now()));
    } catch (error) {
      // Who may not PING has logged in all the same.
      if (replyCode(error) === 'NOPERM') return;
      const loading = replyCode(error) !== '' && isRetryable(error) !== undefined;
      if (!loading || Date.now() + 100 > deadline) throw error;
      await sleep(100);
    }
  }
}

/** PING, on a cluster to every master: a node that cannot be reached shows at once. */
export async function pingAll(client: Redis | Cluster): Promise<void> {
  const targets = 'nodes' in client ? client.nodes('master') : [client];
  await Promise.all(targets.map(ping));
}

/**
 * PING. False where the server answers that it cannot save to its disk: it refuses PING with
 * MISCONF as it does writes, and yet whatever only reads works.
 */
export async function ping(node: Redis): Promise<boolean> {
  try {
    await node.ping();
    return true;
  } catch (error) {
    if (replyCode(error) === 'MISCONF') return false;
    throw error;
  }
}

function mostTelling(error: unknown, noted: Error | undefined): unknown {
  if (noted === undefined || replyCode(error) !== '') return error;
  if (networkCode(error) === 'ETIMEDOUT' && replyCode(noted) === '') return error;
  return noted;
}
