import type { SQSClient, SQSClientConfig } from '@aws-sdk/client-sqs';
import type { ResolvedSqs } from './options.ts';

/** A long poll lasts 20 s; an answer that takes longer than this is lost. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Sockets besides those of the receivers, for deletes and questions. */
const SPARE_SOCKETS = 8;

// The SDK writes advice to the console where it is given no logger.
const silence = { debug() {}, info() {}, warn() {}, error() {} };

/** A client that has sent nothing yet. The SDK is loaded here and not before. */
export async function createClient(from: ResolvedSqs): Promise<SQSClient> {
  const { NodeHttpHandler, SQSClient } = await import('./library.ts');
  const agent = { keepAlive: true, maxSockets: from.maxSockets + SPARE_SOCKETS };
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
      httpAgent: agent,
      httpsAgent: agent,
      logger: silence,
    }),
  };
  return withoutNodeAdvice(() => new SQSClient(config));
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
