import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { SQSClient, SQSClientConfig } from '@aws-sdk/client-sqs';
import type { ResolvedAccount } from './options.ts';
import { isThrottle } from './retry.ts';

/** A long poll lasts 20 s; an answer that takes longer than this is lost. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Sockets besides those of the receivers, for deletes and questions. */
const SPARE_SOCKETS = 8;

// The SDK writes advice to the console where it is given no logger.
const silence = { debug() {}, info() {}, warn() {}, error() {} };

/** A client, and what of it may change while it is used. */
export interface TunableClient {
  client: SQSClient;
  /** How many requests may be under way at once from now on; some are added for deletes. */
  resize(maxSockets: number): void;
  /** Told of every call that SQS asks to slow down, those that the SDK itself tries again included. */
  onThrottle(listener: () => void): void;
}

/** A client that has sent nothing yet. The SDK is loaded here and not before. */
export async function createClient(from: ResolvedAccount): Promise<TunableClient> {
  const { NodeHttpHandler, SQSClient } = await import('./library.ts');
  const options = { keepAlive: true, maxSockets: from.maxSockets + SPARE_SOCKETS };
  const agents = [new HttpAgent(options), new HttpsAgent(options)] as const;
  const config: SQSClientConfig = {
    region: from.region,
    endpoint: from.endpoint,
    credentials: from.credentials,
    // Two tries as a rule; what takes longer is slowed down by the drain, which says why.
    maxAttempts: from.maxAttempts,
    retryMode: 'standard',
    // The drain checks the digests itself, of the attributes too.
    md5: false,
    logger: silence,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: from.connectTimeoutMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agents[0],
      httpsAgent: agents[1],
      logger: silence,
    }),
  };
  const client = withoutNodeAdvice(() => new SQSClient(config));
  return {
    client,
    resize: (maxSockets) => {
      for (const agent of agents) agent.maxSockets = maxSockets + SPARE_SOCKETS;
    },
    onThrottle: (listener) => tellThrottles(client, listener),
  };
}

/** Looks at every attempt: this step stands inside the SDK's own retries. */
function tellThrottles(client: SQSClient, listener: () => void): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (isThrottle(error)) listener();
        throw error;
      }
    },
    { step: 'deserialize', priority: 'high', name: 'qctlThrottles', override: true },
  );
}

/**
 * Keeps the SDK's advice to move to a newer Node from the user's terminal. It is
 * given while a client is made, synchronously, so no other warning can be lost.
 */
function withoutNodeAdvice<T>(make: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!/^NodeVersionSupportWarning|NodeDeprecationWarning/.test(String(warning))) {
      emitWarning.call(process, warning, ...rest);
    }
  }) as typeof process.emitWarning;
  try {
    return make();
  } finally {
    process.emitWarning = emitWarning;
  }
}
