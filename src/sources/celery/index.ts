import type { RedisOptions } from '../../backends/redis/index.ts';
import type { LabelledDepth } from '../depth-of.ts';
import { CelerySource } from './queue.ts';
import type { CelerySpec } from './spec.ts';

export { readEnvelope } from './envelope.ts';
export { lackingRights, queueFindings } from './findings.ts';
export { type QueuedMessage, readPart } from './pages.ts';
export { CelerySource } from './queue.ts';
export { CELERY_DEFAULTS, type CelerySpec, configuredQueue } from './spec.ts';
export { readUnacked, type Unacked } from './unacked.ts';
export { type WaitingClient, waitingClients } from './workers.ts';

/** What a queue holds, without the preflight of a drain. */
export async function celeryDepth(options: RedisOptions, spec: CelerySpec): Promise<LabelledDepth> {
  const source = await CelerySource.look(options, spec);
  try {
    return { ...(await source.depth()), label: source.label };
  } finally {
    await source.close();
  }
}
