// An event as all services of the platform publish it. Every one is noted in the same step, so that the proof at the end need
// not ask anybody what was published.
import { randomUUID } from 'node:crypto';

/** Ids of all events that were published. */
export const PUBLISHED = 'books:published';
/** What was worked on, one JSON object each. */
export const WORKED = 'books:worked';

/**
 * Publishes one; returns the id of its entry.
 *
 * @param {import('ioredis').Redis} redis
 * @param {{ stream: string, service: string, type: string, priority?: string, data?: Record<string, unknown> }} event
 * @returns {Promise<string>}
 */
export async function publish(redis, { stream, service, type, priority = 'NORMAL', data = {} }) {
  const event = randomUUID();
  const fields = {
    ...{ event_type: type, service, priority, data: JSON.stringify({ event, ...data }) },
    ...{ timestamp: `${Date.now() / 1000}`, retry_count: '0', max_retries: '3', correlation_id: event },
  };
  const replies = await redis
    .multi()
    .xadd(stream, '*', ...Object.entries(fields).flat())
    .rpush(PUBLISHED, event)
    .exec();
  const [error, id] = replies[0];
  if (error) throw error;
  return id;
}
