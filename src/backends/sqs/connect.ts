import type { SQSClient } from '@aws-sdk/client-sqs';
import { within } from '../network.ts';
import { createClient } from './client.ts';
import { toSqsError } from './errors.ts';
import { readAttributes } from './facts.ts';
import { resolveSqs, type SqsOptions } from './options.ts';

export type { SqsOptions } from './options.ts';

/** A client for one queue that exists and may be asked. */
export interface SqsConnection {
  client: SQSClient;
  queueUrl: string;
  /** The queue URL as it may be shown. */
  label: string;
  region: string;
  /** How many requests may be under way at once from now on. */
  resize(maxSockets: number): void;
  /** Told of every call that SQS asks to slow down, those that the SDK itself tries again included. */
  onThrottle(listener: () => void): void;
  /** Ends idle sockets; requests under way fail. May be called twice. */
  close(): void;
}

/**
 * Opens a connection and reads the queue's attributes within `connectTimeoutMs`.
 *
 * Throws a QctlError of kind `source`, `auth` (credentials, permissions) or `config`
 * (options that cannot be meant) that names the queue, the reason and what to try.
 */
export async function connectSqs(options: SqsOptions): Promise<SqsConnection> {
  const from = resolveSqs(options);
  const { queueUrl, label } = from;
  const { client, resize, onThrottle } = await createClient(from);
  try {
    const { region } = await within(
      firstAnswer(client, queueUrl, from.connectTimeoutMs),
      from.connectTimeoutMs,
    );
    return { client, queueUrl, label, region, resize, onThrottle, close: () => client.destroy() };
  } catch (error) {
    client.destroy();
    throw toSqsError(error, label, 'connect to sqs');
  }
}

async function firstAnswer(client: SQSClient, queueUrl: string, ms: number): Promise<{ region: string }> {
  const region = await client.config.region();
  // The signal ends the request where the deadline only stops waiting for it.
  await readAttributes(client, queueUrl, AbortSignal.timeout(ms + 100));
  return { region };
}
