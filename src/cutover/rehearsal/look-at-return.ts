import { openBack } from '../../drain/index.ts';
import { isQctlError } from '../../errors.ts';
import { partitionKeys, streamKeys } from '../../model/keys.ts';
import type { BackDrain, CutoverHost } from '../host.ts';
import type { StepResult } from '../step.ts';

/** What would be given back as things are. Changes nothing. */
export async function lookAtReturn(back: BackDrain, host: CutoverHost): Promise<StepResult> {
  if (!(await isThere(back, host))) return { text: `${back.stream} does not exist yet` };
  const { request, streams } = await host.backRequest(back);
  try {
    const opened = await openBack(request, streams, host.now());
    await opened.close();
    const { pending, undelivered } = opened.plan;
    return { text: `would give back ${pending} pending and ${undelivered ?? 'many'} undelivered entries` };
  } catch (error) {
    // The new side has not made its group yet; at night a rollback makes it.
    if (!isQctlError(error) || error.code !== 'GROUP_MISSING') throw error;
    return { text: `${back.stream} has no group ${back.group} yet: all of it would be given back` };
  }
}

async function isThere({ stream, partitions }: BackDrain, host: CutoverHost): Promise<boolean> {
  const { client } = await host.redis();
  for (const key of partitionKeys(stream, partitions ?? 1))
    if ((await client.exists(key)) + (await client.exists(streamKeys(key).delayed)) > 0) return true;
  return false;
}
