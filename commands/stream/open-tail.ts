import {
  existingStreams,
  type FoundStream,
  firstIdOf,
  groupOf,
  parsePosition,
  startOfNewest,
  type TailRequest,
  type TailStart,
  type Work,
} from '../../src/streams/index.ts';
import { chosenStreams } from '../chosen-streams.ts';
import type { Context } from '../context.ts';

/** Where to begin, and when to end. */
export interface TailChoice {
  limit?: number;
  from?: string;
  follow?: boolean;
  group?: string;
}

/** What is read, and what is known of it. */
export interface Tail {
  request: TailRequest;
  streams: readonly FoundStream[];
  group: string | undefined;
}

/** How many entries come where nothing says where to begin. */
export const LAST = 10;

/** Finds the streams, and in each the place to begin. Throws where there is no such stream or group. */
export async function openTail(
  context: Context,
  names: readonly string[],
  choice: TailChoice,
  work: Work,
): Promise<Tail> {
  const found = await findAll(context, names);
  const { from, follow = false, limit, group } = choice;
  const streams = group === undefined ? found : inGroup(found, group);
  if (from !== undefined || group !== undefined) {
    const starts = streams.map((one) => startOf(one, choice));
    return { request: { starts, follow, limit }, streams, group };
  }
  const last = limit ?? LAST;
  const facts = streams.map((one) => one.facts);
  const ids = await startOfNewest(await context.redis(), facts, last, work);
  const starts = streams.map((one) => ({ ...startOf(one, { from: 'end' }), ...fromId(ids, one) }));
  return { request: { starts, follow, ...(!follow && { limit: last }) }, streams, group };
}

function fromId(ids: ReadonlyMap<string, string>, { facts }: FoundStream): { from?: string } {
  const from = ids.get(facts.stream);
  return from === undefined ? {} : { from };
}

/** Each stream once, although several arguments may mean it. */
async function findAll(context: Context, names: readonly string[]): Promise<FoundStream[]> {
  const redis = await context.redis();
  const found = new Map<string, FoundStream>();
  for (const name of names.length > 0 ? names : [undefined]) {
    const chosen = await chosenStreams(context, name);
    for (const one of await existingStreams(redis, chosen)) found.set(one.facts.stream, one);
  }
  return [...found.values()];
}

/** Of several streams those that have the group. */
function inGroup(found: readonly FoundStream[], name: string): readonly FoundStream[] {
  const having = found.filter(({ facts }) => facts.groups.some(({ group }) => group === name));
  // Throws with the groups that there are.
  if (having.length === 0) groupOf(found[0]!.facts, name, found[0]!.settings);
  return having;
}

function startOf({ facts, settings }: FoundStream, { from, group }: TailChoice): TailStart {
  const { stream, lastGeneratedId, lastId, timeMs } = facts;
  const to = lastId ?? lastGeneratedId;
  if (from === undefined) return { stream, from: `(${groupOf(facts, group, settings).lastDeliveredId}`, to };
  const position = parsePosition(from, timeMs);
  return { stream, from: position.kind === 'end' ? `(${lastGeneratedId}` : firstIdOf(position), to };
}
