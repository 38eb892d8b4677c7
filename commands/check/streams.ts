import type { Item, Reading } from '../../src/checks/index.ts';
import { isPattern } from '../../src/config/streams.ts';
import type { QctlError } from '../../src/errors.ts';
import {
  type GroupFacts,
  isDeadLetter,
  readFacts,
  resolveStreams,
  type StreamFacts,
  type StreamSettings,
} from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { noteLeftOut } from '../left-out.ts';
import { isSeveral } from '../streams.ts';
import { toFailure, unreadableItem } from './failure.ts';
import { inTurns } from './measuring.ts';
import type { Metric } from './metrics.ts';
import { type MissingFlag, missingItem, noneIfMissing, nothingMatches } from './missing.ts';

/** What an argument names, and what stands there. */
export interface Found {
  settings: StreamSettings;
  /** Undefined where there is no such stream, and where it could not be read. */
  facts: StreamFacts | undefined;
  /** Why it could not be read, one among several. */
  failure?: QctlError;
}

/**
 * Looks at the streams that an argument names; of a pattern that matches nothing the list is empty. One of
 * several that cannot be read does not keep the others from being measured; a stream named alone throws.
 *
 * @param count see `readFacts`
 */
export async function lookAt(context: Context, argument: string, count = 0): Promise<Found[]> {
  const redis = await context.redis();
  const { streams } = await context.config();
  const leftOut = (streams: number) => noteLeftOut(context, streams, 'stream');
  const named = await resolveStreams(redis, streams, argument, leftOut).catch(noneIfMissing);
  const several = isSeveral(argument, named);
  const looks = named.map((settings) => async (): Promise<Found> => {
    try {
      return { settings, facts: await readFacts(redis, settings.stream, { count }) };
    } catch (error) {
      if (!several) throw error;
      return { settings, facts: undefined, failure: toFailure(context, error) };
    }
  });
  return inTurns(looks);
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
 * own, and so is what cannot be read of several streams. Under a pattern a dead-letter stream that nobody
 * reads is none of what is meant.
 */
export async function eachGroup(
  context: Context,
  { stream, group, missing, count }: GroupsMeant,
  measure: MeasureGroup,
): Promise<Item<Metric>[]> {
  const found = await lookAt(context, stream, count);
  const { streams } = await context.config();
  const several = isSeveral(
    stream,
    found.map(({ settings }) => settings),
  );
  const deadOnes = new Set(found.map(({ settings }) => settings.deadLetter));
  const isDead = (name: string): boolean => deadOnes.has(name) || isDeadLetter(streams, name);
  const meant =
    several && isPattern(stream)
      ? found.filter((one) => !isUnread(one, group) || !isDead(one.settings.stream))
      : found;
  if (meant.length === 0) return [nothingMatches(stream, missing)];
  return inTurns(meant.flatMap(tasksOf));

  function tasksOf({ settings, facts, failure }: Found): (() => Promise<Item<Metric>>)[] {
    const labels = { stream: settings.stream, ...(group && { group }) };
    if (failure) return [async () => unreadableItem(labels, failure)];
    if (!facts) return [async () => missingItem(labels, 'STREAM', missing)];
    const groups = group === undefined ? facts.groups : facts.groups.filter((one) => one.group === group);
    if (groups.length > 0) return groups.map((one) => () => measureOne(facts, one));
    return [async () => missingItem(labels, 'GROUP', missing)];
  }

  async function measureOne(facts: StreamFacts, one: GroupFacts): Promise<Item<Metric>> {
    try {
      return await measure(facts, one);
    } catch (error) {
      if (!several) throw error;
      return unreadableItem({ stream: facts.stream, group: one.group }, toFailure(context, error));
    }
  }
}

/** Of what could not be looked at it is not known who reads it. */
function isUnread({ facts, failure }: Found, group: string | undefined): boolean {
  return !failure && !facts?.groups.some((one) => group === undefined || one.group === group);
}

/** The item of a group. */
export function groupItem(stream: string, group: string, readings: Reading<Metric>[]): Item<Metric> {
  return { name: `${stream}/${group}`, labels: { stream, group }, readings, findings: [] };
}
