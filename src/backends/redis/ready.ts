import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../network.ts';
import type { RedisConnection } from './connect.ts';
import { isRetryable, replyCode, toTargetError } from './errors.ts';
import { pingAll } from './handshake.ts';

/** How often a server that is away or loading is asked again, in ms. */
const PAUSE_MS = 100;

/**
 * Resolves once the server answers again; never gives up by itself.
 *
 * Rejects with the reason of `signal`, or with a QctlError where waiting is in
 * vain: the connection was closed, or the server now refuses the login.
 */
export async function waitUntilReady(
  connection: RedisConnection,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    if (connection.closed || connection.client.status === 'end') {
      throw toTargetError(new Error('the connection was closed'), connection.label, 'wait for redis');
    }
    if (connection.client.status === 'ready' && (await answers(connection))) return;
    await pause(signal);
  }
}

async function answers(connection: RedisConnection): Promise<boolean> {
  try {
    await within(pingAll(connection.client), 5000);
    return true;
  } catch (error) {
    if (replyCode(error) === 'NOPERM') return true;
    if (isRetryable(error, connection.kind) !== undefined) return false;
    throw toTargetError(error, connection.label, 'wait for redis');
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(PAUSE_MS, undefined, { signal });
  } catch {
    signal?.throwIfAborted();
  }
}
