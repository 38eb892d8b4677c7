import type { Message } from '../../model/message.ts';
import type { PackedRows } from '../../model/packed.ts';
import type { Judged } from '../../transform/filter.ts';
import type { Depth } from '../source.ts';
import { rowsToMessages } from './rows-batch.ts';

/** Counts ready rows by what a filter says of them, with the id of one that it cannot judge. */
export async function countJudged(
  parts: AsyncIterable<PackedRows>,
  judge: (message: Message) => Judged,
): Promise<Depth> {
  const counts = { matched: 0, unmatched: 0, unevaluated: 0 };
  let example: string | undefined;
  for await (const part of parts) {
    for (const message of rowsToMessages(part)) {
      const judged = judge(message);
      counts[judged] += 1;
      if (judged === 'unevaluated') example ??= message.id;
    }
  }
  const { matched, unmatched, unevaluated } = counts;
  return {
    ready: matched,
    inFlight: null,
    delayed: null,
    unmatched,
    ...(example !== undefined && { unevaluated: { count: unevaluated, example } }),
  };
}
