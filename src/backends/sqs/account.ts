import type { SQSClient } from '@aws-sdk/client-sqs';
import { createClient } from './client.ts';
import { toSqsError } from './errors.ts';
import { resolveSqsAccount, type SqsAccountOptions } from './options.ts';

/** A client for the queues of an account. It has asked for nothing yet. */
export interface SqsAccount {
  client: SQSClient;
  /** Endpoint or region, as it may be shown. */
  label: string;
  region: string;
  /** Ends all sockets: requests under way fail, later ones open new sockets. */
  close(): void;
}

/** Throws a QctlError `config` on options that cannot be meant, and where no region is found. */
export async function openSqsAccount(options: SqsAccountOptions): Promise<SqsAccount> {
  const from = resolveSqsAccount(options);
  const { client } = await createClient(from);
  try {
    const region = await client.config.region();
    const label = from.endpoint === undefined ? `sqs ${region}` : new URL(from.endpoint).origin;
    return { client, label, region, close: () => client.destroy() };
  } catch (error) {
    client.destroy();
    throw toSqsError(error, 'sqs', 'find the region');
  }
}
