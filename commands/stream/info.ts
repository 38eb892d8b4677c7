import {
  describeStream,
  existingStreams,
  resolveStreams,
  type StreamDetail,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { noteLeftOut } from '../left-out.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { addCountOption, COUNTED_AT_ONCE, type CountFlags, isSeveral } from '../streams.ts';
import { renderResult } from '../term/render.ts';
import { formatInfo } from './format-info.ts';

/** `qctl stream info STREAM`. */
export function newCommand(context: Context, entry: CommandEntry, run = runStreamInfo): QctlCommand {
  const command = addCountOption(createCommand(entry));
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl stream info orders', 'one stream: its groups, their consumers, and what is odd'],
    ["qctl stream info 'orders:*' -o ndjson", 'a line of JSON for each stream that matches'],
  ]);
  return command.action((stream: string, flags: CountFlags) => run(context, stream, flags));
}

/** Carries it out. */
export async function runStreamInfo(
  context: Context,
  stream: string,
  { countUpTo: limit }: CountFlags,
): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  // Without the group of the environment: it is advised on what the configuration says of this stream.
  const chosen = await resolveStreams(redis, (await context.config()).streams, stream, (count) =>
    noteLeftOut(context, count, 'stream'),
  );
  const found = await existingStreams(redis, chosen, {
    memory: true,
    count: Math.min(limit, COUNTED_AT_ONCE),
  });
  const details = await withProgress(context, 'look', async ({ work }) => {
    const done: StreamDetail[] = [];
    for (const one of found) done.push(await describeStream(redis, one, { limit, work }));
    return done;
  });
  await renderResult(io, options, {
    type: 'stream-info',
    data: isSeveral(stream, chosen) ? details : details[0]!,
    table: () => details.map((detail) => formatInfo(io.stdout, detail)).join('\n'),
  });
}
