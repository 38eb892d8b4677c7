import type { Item, Reading } from '../../src/checks/index.ts';
import { isPattern } from '../../src/config/streams.ts';
import {
  type GroupFacts,
  isDeadLetter,
  readManyFacts,
  resolveStreams,
  type StreamFacts,
  type StreamSettings,
} from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { inTurns } from './measuring.ts';
import type { Metric } from './metrics.ts';
import { type MissingFlag, missingItem, noneIfMissing, nothingMatches } from './missing.ts';

/** What an argument names, and what stands there. */
export interface Found {
  settings: StreamSettings;
  /** Undefined where there is no such stream. */
  facts: StreamFacts | undefined;
}

/**
 * Looks at the streams that an argument names; of a pattern that matches nothing the list is empty.
 *
 * @param count see `readFacts`
 */
export async function lookAt(context: Context, argument: string, count = 0): Promise<Found[]> {
  const redis = await context.redis();
  const named = await resolveStreams(redis, (await context.config()).streams, argument).catch(noneIfMissing);
  const all = await readManyFacts(
    redis,
    named.map(({ stream }) => stream),
    { count },
  );
  const byName = new Map(all.map((facts) => [facts.stream, facts]));
  return named.map((settings) => ({ settings, facts: byName.get(settings.stream) }));
}

/** Which groups are meant. */
export interface GroupsMeant extends MissingFlag {
  stream: string;
  /** Absent: all groups. */
  group?: string;
  /** See `readFacts`. */
  count?: number;
}

/** Measures one group of a stream. */
export type MeasureGroup = (facts: StreamFacts, group: GroupFacts) => Promise<Item<Metric>>;

/**
 * Measures the group of each stream, or all groups where none is named. What is missing is an item of its
 * own. Under a pattern a dead-letter stream that nobody reads is none of what is meant.
 */
export async function eachGroup(
  context: Context,
  { stream, group, missing, count }: GroupsMeant,
  measure: MeasureGroup,
): Promise<Item<Metric>[]> {
  const found = await lookAt(context, stream, count);
  const { streams } = await context.config();
  const deadOnes = new Set(found.map(({ settings }) => settings.deadLetter));
  const isDead = (name: string): boolean => deadOnes.has(name) || isDeadLetter(streams, name);
  const meant = isPattern(stream)
    ? found.filter((one) => !isUnread(one, group) || !isDead(one.settings.stream))
    : found;
  if (meant.length === 0) return [nothingMatches(stream, missing)];
  const tasks = meant.flatMap(({ settings, facts }) => tasksOf(settings.stream, facts));
  return inTurns(tasks);

  function tasksOf(name: string, facts: StreamFacts | undefined): (() => Promise<Item<Metric>>)[] {
    if (!facts)
      return [async () => missingItem({ stream: name, ...(group && { group }) }, 'STREAM', missing)];
    const groups = group === undefined ? facts.groups : facts.groups.filter((one) => one.group === group);
    if (groups.length > 0) return groups.map((one) => () => measure(facts, one));
    return [async () => missingItem({ stream: name, ...(group && { group }) }, 'GROUP', missing)];
  }
}

function isUnread({ facts }: Found, group: string | undefined): boolean {
  return !facts?.groups.some((one) => group === undefined || one.group === group);
}

/** The item of a group. */
export function groupItem(stream: string, group: string, readings: Reading<Metric>[]): Item<Metric> {
  return { name: `${stream}/${group}`, labels: { stream, group }, readings, findings: [] };
}
