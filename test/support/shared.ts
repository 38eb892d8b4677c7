import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { connectPostgres, type LastingPostgres } from './postgres.ts';
import { connectSqs, type SqsAccess } from './sqs.ts';

/*
 * The servers of the whole run. Other tests use them at the same time: own database, own queue, and names of
 * streams from uniqueName(); never FLUSHALL, never CONFIG SET, never a stop.
 */

export function sharedRedisUrl(): string {
  return inject('redisUrl');
}

export function sharedPostgres(): LastingPostgres {
  return connectPostgres(inject('postgresUrl'));
}

export function sharedSqs(): SqsAccess {
  return connectSqs(inject('sqsEndpoint'));
}

/** A name that no other test uses: for streams, queues, tables, runs. */
export function uniqueName(prefix = 't'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
