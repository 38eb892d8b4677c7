import { runScript } from '../backends/redis/script.ts';
import { primaryFields } from '../backends/redis/scripts/primary-fields.ts';
import { runKey } from '../model/keys.ts';
import type { TargetWriter } from './target-writer.ts';

/**
 * Whether a stream has gone back together with its checkpoint, which then was not merely deleted or
 * evicted by itself: going on would double what still stands there. With the run's record gone as well
 * nothing is left to go on from.
 */
export async function isGoneAltogether(writer: TargetWriter, stream: string, last: string): Promise<boolean> {
  const { client, run } = writer.options;
  return writer.patiently(async () => {
    const [state] = (await runScript(client, primaryFields, [runKey(run)], ['state'])) as [string | null];
    if (state === null) return false;
    if ((await client.exists(stream)) === 0) return true;
    const facts = (await client.xinfo('STREAM', stream)) as (string | number)[];
    return comesBefore(String(facts[facts.indexOf('last-generated-id') + 1]), last);
  });
}

function comesBefore(id: string, other: string): boolean {
  const [ms = 0, seq = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSeq = 0] = other.split('-').map(Number);
  return ms < otherMs || (ms === otherMs && seq < otherSeq);
}
