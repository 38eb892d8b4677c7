import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestSentinel } from '../../test/support/redis-topologies.ts';

export const STREAM = 'webhook-events';
export const GROUP = 'webhook-processors';

/** The stand-ins for the team's programs. */
export const SERVICES = fileURLToPath(new URL('services', import.meta.url));

/** What the pods write down, and what spoils them. */
export interface Files {
  accepted: string;
  worked: string;
  faults: string;
}

/** What pods and operators have in common: the variables of the team's own document. */
export function settingsOf(
  { name, sentinels, certificates }: TestSentinel,
  endpoint: string,
  queueUrl: string,
) {
  return {
    SQS_QUEUE_URL: queueUrl,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpoint,
    REDIS_SENTINEL_ENABLED: 'true',
    REDIS_SENTINEL_MASTER_NAME: name,
    REDIS_SENTINEL_ADDRESSES: sentinels.map(({ host, port }) => `${host}:${port}`).join(','),
    REDIS_TLS_ENABLED: 'true',
    REDIS_TLS_CA_FILE: certificates!.ca,
    REDIS_TLS_CERT_FILE: certificates!.clientCert,
    REDIS_TLS_KEY_FILE: certificates!.clientKey,
  };
}

/** Two handlers and two workers, a deployment each: QUEUE_TYPE is changed of one instance at a time. */
export function deployments(settings: Record<string, string>, files: Files) {
  const env = {
    ...settings,
    REDIS_PASSWORD: { valueFrom: { secretKeyRef: { name: 'redis', key: 'password' } } },
    REDIS_STREAM_NAME: STREAM,
    REDIS_CONSUMER_GROUP: GROUP,
    REDIS_MAX_LEN: '1000000',
    QUEUE_TYPE: 'sqs',
    ACCEPTED_FILE: files.accepted,
    WORKED_FILE: files.worked,
    FAULTS_FILE: files.faults,
    WEBHOOK_EVERY_MS: '150',
  };
  const of = (script: string) => ({
    argv: [process.execPath, join(SERVICES, script)],
    env,
    stopTimeoutMs: 10_000,
  });
  return {
    'webhook-handler-1': of('webhook-handler.mjs'),
    'webhook-handler-2': of('webhook-handler.mjs'),
    'worker-1': of('worker.mjs'),
    'worker-2': of('worker.mjs'),
  };
}
