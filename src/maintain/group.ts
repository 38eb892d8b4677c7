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
 * or has no such group yet: then nothing can be pending there. Several of which none is named are left to `qctl claim`.
 */
export async function lookAtGroup({ redis, settings, work }: StreamLook): Promise<Grouped | undefined> {
  const facts = await lookPatiently(redis, settings.stream, work);
  if (!facts) return undefined;
  try {
    return { facts, group: groupOf(facts, undefined, settings) };
  } catch (error) {
    if (isQctlError(error) && (error.code === 'GROUP_MISSING' || error.code === 'GROUP_UNNAMED'))
      return undefined;
    throw error;
  }
}
