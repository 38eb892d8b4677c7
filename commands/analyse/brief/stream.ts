import type { TargetStreamFacts } from '../../../src/analyse/index.ts';
import { shortList } from '../../../src/model/short-list.ts';
import type { FactRow } from '../fact-text.ts';
import { bytes, count, lasting, listed, told, UNKNOWN } from './words.ts';

/** What of a stream an operator looks at first. */
export function briefStream(facts: TargetStreamFacts): FactRow[] {
  const { partitions, waiting, nextDueAt, deadLetter, deadLetters, unfinishedRuns } = facts;
  return [
    ['now', nowText(facts)],
    ...(partitions > 1 ? [['partitions', partitionsText(facts)] as FactRow] : []),
    ['groups', told(facts.groups, (groups) => shortList(groups.map(groupText)) || 'none')],
    ...limitsOf(facts),
    ...unlessZero('waiting', waiting, (many) => `${many}; the next is due ${nextDueAt ?? UNKNOWN}`),
    ...unlessZero('dead letters', deadLetters, (many) => `${many} in ${deadLetter ?? UNKNOWN}`),
    ...(unfinishedRuns?.length === 0
      ? []
      : [['unfinished runs', told(unfinishedRuns, shortList)] as FactRow]),
  ];
}

function nowText({ type, entries, memoryBytes }: TargetStreamFacts): string {
  if (type === null) return UNKNOWN;
  if (type === 'none') return 'does not exist yet';
  if (type !== 'stream') return `no stream: a ${type} stands under this name`;
  return `${count(entries)} entries, ${memoryBytes === null ? `memory ${UNKNOWN}` : bytes(memoryBytes)}`;
}

function partitionsText({ partitions, partitionsThere, partitionsByMaster }: TargetStreamFacts): string {
  return listed(
    `${count(partitions)}, of which ${partitionsThere === null ? UNKNOWN : count(partitionsThere)} exist`,
    partitionsByMaster && `by master ${partitionsByMaster.join(' + ')}`,
  );
}

function groupText(group: NonNullable<TargetStreamFacts['groups']>[number]): string {
  const { lag, lagAtLeast, pending, consumers, deadConsumers } = group;
  const behind = lag === null ? `at least ${count(lagAtLeast)}` : count(lag);
  const dead = deadConsumers > 0 ? `, ${count(deadConsumers)} of them dead` : '';
  return `${group.group} (lag ${behind}, pending ${count(pending)}, consumers ${count(consumers)}${dead})`;
}

function limitsOf({ configuredMaxLen, configuredMaxAgeMs }: TargetStreamFacts): FactRow[] {
  const text = listed(
    configuredMaxLen !== null && `${count(configuredMaxLen)} entries`,
    configuredMaxAgeMs !== null && `an age of ${lasting(configuredMaxAgeMs)}`,
  );
  return text === '' ? [] : [['trimmed to', text]];
}

/** Nothing of it needs no line; not to know it does. */
function unlessZero(name: string, value: number | null, words: (value: string) => string): FactRow[] {
  return value === 0 ? [] : [[name, told(value, (many) => words(count(many)))]];
}
