import { isQctlError } from '../errors.ts';
import { type GroupFacts, groupOf, lookPatiently, type StreamFacts } from '../streams/index.ts';
import type { StreamLook } from './stream-work.ts';

/** A stream with the group that is looked after. */
export interface Grouped {
  facts: StreamFacts;
  group: GroupFacts;
}

/**
 * The stream with its group: the one of the configuration, else the only one. Undefined where the stream does not exist,
 * or has no such group yet: then nothing can be pending there. Throws `usage` GROUP_UNNAMED where there are
 * several, some of them in use, and none is named.
 */
export async function lookAtGroup({ redis, settings, work }: StreamLook): Promise<Grouped | undefined> {
  const facts = await lookPatiently(redis, settings.stream, work);
  if (!facts) return undefined;
  try {
    return { facts, group: groupOf(facts, undefined, settings) };
  } catch (error) {
    const code = isQctlError(error) ? error.code : undefined;
    const idle = facts.groups.every(({ pending, consumers }) => pending + consumers === 0);
    if (code === 'GROUP_MISSING' || (code === 'GROUP_UNNAMED' && idle)) return undefined;
    throw error;
  }
}
