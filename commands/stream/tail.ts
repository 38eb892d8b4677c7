import { parsePosition } from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { writeToOutput } from '../dlq/export-sink.ts';
import { addConnectionOptions, parseNonNegativeInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { patientWork, usageError } from '../stream-work.ts';
import type { Output } from '../term/io.ts';
import { writeWhole } from '../term/out-file.ts';
import { LAST, openTail, type TailChoice } from './open-tail.ts';
import { readTail } from './read-tail.ts';
import { printerOf } from './tail-printer.ts';

interface TailFlags extends TailChoice {
  field?: string[];
  compact?: boolean;
  full?: boolean;
}

/** `qctl stream tail [STREAM…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runStreamTail): QctlCommand {
  const command = createCommand(entry)
    .option(
      '--limit <n>',
      `how many entries (default: the last ${LAST}; all where --from or --group says where to begin)`,
      parseNonNegativeInteger,
    )
    .option('--from <position>', 'begin there: start, end, an id, a time, or 10m for ten minutes ago')
    .option('-f, --follow', 'go on with what is added, until Ctrl-C')
    .option('--group <name>', 'begin with what this group has not got; say of each entry what it did with it')
    .option('--field <name>', 'only this field (repeatable)', collect)
    .option('--compact', 'a line for each entry')
    .option('--full', 'cut nothing on a terminal');
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl stream tail orders', 'the last ten entries'],
    ["qctl stream tail 'orders:*' -f --compact", 'what is added to any of these, as it comes'],
    ['qctl stream tail orders --group workers --limit 5', 'what the group will be given next'],
    ['qctl stream tail orders --from 10m -o ndjson', 'the last ten minutes, a line of JSON for each entry'],
  ]);
  return command.action((streams: string[], flags: TailFlags) => run(context, streams, flags));
}

const NUANCES = `It reads with XRANGE: no group and no consumer notices. Several streams come in the order of their ids;
a pattern means those that match when it starts. With --group an entry is undelivered, pending, or
acknowledged; acknowledged is also what lies before the group's position and was never given to it.`;

function collect(name: string, before: string[] = []): string[] {
  return [...before, name];
}

/** Carries it out. */
export async function runStreamTail(context: Context, streams: string[], flags: TailFlags): Promise<void> {
  const { io, options, signal } = context;
  refuseConflicts(context, flags);
  context.stopsAtOnce = true;
  const work = patientWork(context, flags.follow);
  const tail = await openTail(context, streams, flags, work);
  const { outFile } = options;
  const printer = printerOf(options.output, outFile === undefined ? io.stdout : asFile(io.stdout), {
    ...flags,
    several: tail.streams.length > 1,
  });
  const text = readTail(await context.redis(), tail, { fields: flags.field, printer, work });
  if (outFile === undefined) return writeToOutput(io.stdout, text, false);
  await writeWhole(outFile, wholeOrNot(text, signal));
}

/** Throws before anything is connected to. */
function refuseConflicts({ options }: Context, { follow, from }: TailFlags): void {
  if (from !== undefined) parsePosition(from, 0);
  if (!follow) return;
  const { output, outFile } = options;
  if (outFile !== undefined) {
    const hint = 'redirect stdout, or leave out one of the two';
    throw usageError('--out-file is written at the end, --follow has none', 'FOLLOW_CONFLICT', hint);
  }
  if (output === 'table' || output === 'ndjson') return;
  const hint = 'use -o ndjson: it appends lines';
  throw usageError(`-o ${output} is one document, --follow has no end`, 'FOLLOW_CONFLICT', hint);
}

/** A file is never as narrow as the terminal, nor coloured. */
function asFile(output: Output): Output {
  const wide = { isTTY: false, colour: false, columns: Number.POSITIVE_INFINITY };
  const properties = Object.entries(wide).map(([name, value]) => [name, { value }]);
  return Object.create(output, Object.fromEntries(properties));
}

async function* wholeOrNot(text: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield* text;
  signal.throwIfAborted();
}
