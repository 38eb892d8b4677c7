import { isQctlError, QctlError } from '../src/errors.ts';
import { shortList } from '../src/model/short-list.ts';
import {
  type GroupFacts,
  groupOf,
  requireFacts,
  resolveStreams,
  type StreamFacts,
  type StreamSettings,
} from '../src/streams/index.ts';
import type { Context } from './context.ts';
import { noteLeftOut } from './left-out.ts';
import { printable } from './term/text.ts';

/**
 * The streams that an argument names, with their conventions; without one the stream of the
 * environment (REDIS_STREAM_NAME). Throws `usage` where nothing names any.
 */
export async function chosenStreams(
  context: Context,
  argument: string | undefined,
): Promise<StreamSettings[]> {
  const { streams, defaults } = await context.config();
  const named = argument ?? defaults.stream;
  if (named === undefined) {
    const configured = Object.keys(streams);
    throw new QctlError('usage', 'no stream is named', {
      code: 'STREAM_UNNAMED',
      hint: [configured.length > 0 ? `configured: ${configured.join(', ')}` : "'qctl stream ls' lists them"],
    });
  }
  const found = await resolveStreams(await context.redis(), streams, named, (count) =>
    noteLeftOut(context, count, 'stream'),
  );
  return found.map((settings) => ({ ...settings, group: settings.group ?? defaults.group }));
}

/** Like {@link chosenStreams}, for what is done to one stream. Throws `usage` where several are meant. */
export async function chosenStream(context: Context, argument: string | undefined): Promise<StreamSettings> {
  const all = await chosenStreams(context, argument);
  if (all.length === 1) return all[0]!;
  const names = all.map(({ stream }) => stream);
  throw new QctlError('usage', `${argument} means ${all.length} streams; name one`, {
    code: 'STREAM_SEVERAL',
    hint: [`it means ${shortList(names)}`],
    details: { streams: names.slice(0, 100) },
  });
}

/** A stream that exists, and what is known of it. */
export interface ChosenStream {
  settings: StreamSettings;
  facts: StreamFacts;
}

/** A stream with the group that is meant. */
export interface ChosenGroup extends ChosenStream {
  groupFacts: GroupFacts;
}

/**
 * The streams of {@link chosenStreams} as they are. Of several those that do not exist are left out, and a
 * note says so: a partition that never got an entry is no key. Throws `failed` STREAM_MISSING where none is
 * left.
 */
export async function chosenFacts(context: Context, argument: string | undefined): Promise<ChosenStream[]> {
  const all = await chosenStreams(context, argument);
  const redis = await context.redis();
  return allThatHave(context, all, 'STREAM_MISSING', async (settings) => ({
    settings,
    facts: await requireFacts(redis, settings.stream),
  }));
}

/**
 * The streams of {@link chosenFacts}, each with its group. Of several streams those without that group are
 * left out likewise: a pattern also matches dead-letter streams. Throws what `groupOf` does where none is left.
 */
export async function chosenGroups(
  context: Context,
  argument: string | undefined,
  group: string | undefined,
): Promise<ChosenGroup[]> {
  const all = await chosenFacts(context, argument);
  return allThatHave(context, all, 'GROUP_MISSING', ({ settings, facts }) => ({
    settings,
    facts,
    groupFacts: groupOf(facts, group, settings),
  }));
}

async function allThatHave<From, To>(
  { io, options }: Context,
  all: readonly From[],
  code: string,
  look: (one: From) => To | Promise<To>,
): Promise<To[]> {
  const found: To[] = [];
  const missing: QctlError[] = [];
  for (const one of all) {
    try {
      found.push(await look(one));
    } catch (error) {
      if (!isQctlError(error) || error.code !== code) throw error;
      missing.push(error);
    }
  }
  if (found.length === 0) throw missing[0]!;
  if (missing.length > 0 && !options.quiet) io.stderr.write(leftOut(missing));
  return found;
}

const MOST_NAMED = 10;

function leftOut(missing: readonly QctlError[]): string {
  const texts = missing.slice(0, MOST_NAMED).map(({ message }) => printable(message));
  const more = missing.length > MOST_NAMED ? `; and ${missing.length - MOST_NAMED} more` : '';
  return `qctl: left out: ${texts.join('; ')}${more}\n`;
}
