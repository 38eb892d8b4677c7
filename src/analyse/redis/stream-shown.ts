import { partitionKeys } from '../../model/keys.ts';
import { dueText } from '../../streams/index.ts';
import type { TargetStreamFacts } from './facts.ts';
import { groupsOf } from './groups.ts';
import { spread } from './spread.ts';
import { type StreamAnswers, settingsOf } from './stream.ts';

/** The facts of a stream as they are shown: over all its partitions. */
export function streamFacts(answers: StreamAnswers, cluster: boolean): TargetStreamFacts {
  const { move, types, details, runs } = answers;
  const { stream, partitions } = move.target;
  const settings = settingsOf(partitionKeys(stream, partitions)[0]!, move.stream, cluster);
  const total = (pick: (one: NonNullable<typeof details>[number]) => number | null): number | null => {
    const values = details?.map(pick) ?? [null];
    return values.includes(null) ? null : (values as number[]).reduce((sum, value) => sum + value, 0);
  };
  const due = (details ?? []).flatMap(({ nextDueAt }) => (nextDueAt ? Date.parse(nextDueAt) : []));
  return {
    stream,
    partitions,
    partitionsThere: types?.filter((type) => type !== 'none').length ?? null,
    type: types && worstType(types),
    entries: total(({ length }) => length),
    memoryBytes: total(({ memoryBytes }) => memoryBytes),
    waiting: total(({ waiting }) => waiting),
    nextDueAt: dueText(due.length > 0 ? Math.min(...due) : null),
    groups: details && groupsOf(details),
    configuredGroup: move.stream?.group ?? null,
    configuredMaxLen: move.stream?.maxLen ?? null,
    configuredMaxAgeMs: move.stream?.maxAgeMs ?? null,
    deadLetter: settings.deadLetter,
    deadLetters: deadLetters(details),
    partitionsByMaster: answers.cluster && spread(answers.cluster, stream, partitions).sort((a, b) => b - a),
    unfinishedRuns: runs?.map(({ run }) => run) ?? null,
  };
}

function worstType(types: readonly string[]): string {
  const other = types.find((type) => type !== 'none' && type !== 'stream');
  return other ?? (types.includes('stream') ? 'stream' : 'none');
}

/** Partitions may share one stream of dead letters, which is counted once. */
function deadLetters(details: StreamAnswers['details']): number | null {
  const counts = new Map((details ?? []).map((one) => [one.settings.deadLetter, one.deadLetters]));
  if (details === null || [...counts.values()].includes(null)) return null;
  return [...counts.values()].reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
