import { QctlError } from '../../src/errors.ts';
import {
  createGroup,
  groupExists,
  lastDeliveredAt,
  parsePosition,
  readFacts,
  type StreamSettings,
  streamMissing,
} from '../../src/streams/index.ts';
import { chosenStreams } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatTable } from '../term/table.ts';

interface CreateFlags {
  from: string;
  createStream?: boolean;
}

/** A group that was made, or would be. */
interface Created {
  stream: string;
  group: string;
  lastDeliveredId: string;
  /** Entries that it will be given; null where an id inside the stream was chosen. */
  toDeliver: number | null;
  streamCreated: boolean;
  /** It was there already, where it stood: left as it is. Of one stream alone that is an error. */
  existed: boolean;
  dryRun: boolean;
}

/** `qctl group create STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runGroupCreate): QctlCommand {
  const command = createCommand(entry)
    .option(
      '--from <position>',
      'where it begins: start, end, an id (behind it), a time, or 10m for ten minutes ago (default: start)',
      'start',
    )
    .option('--create-stream', 'make the stream, too, where there is none');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl group create orders workers', 'a group that gets everything the stream holds'],
    ['qctl group create orders audit --from end', 'one that gets only what is new'],
  ]);
  return command.action((stream: string, group: string | undefined, flags: CreateFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. */
export async function runGroupCreate(
  context: Context,
  stream: string,
  group: string | undefined,
  flags: CreateFlags,
): Promise<void> {
  const { io, options } = context;
  const chosen = await chosenStreams(context, stream);
  const planned: Created[] = [];
  for (const settings of chosen) planned.push(await plan(context, settings, group, flags));
  if (planned.length === 1 && planned[0]!.existed) throw groupExists(planned[0]!.stream, planned[0]!.group);
  if (!options.dryRun) await createAll(context, planned, flags);
  await renderResult(io, options, {
    type: 'created-group',
    data: planned,
    table: () =>
      formatTable(
        io.stdout,
        [
          { head: 'STREAM', value: (row) => row.stream, whole: true },
          { head: 'GROUP', value: (row) => row.group, whole: true },
          { head: 'POSITION', value: (row) => row.lastDeliveredId, whole: true },
          { head: 'TO-DELIVER', value: (row) => row.toDeliver && grouped(row.toDeliver), align: 'right' },
          { head: 'DONE', value: doneText },
        ],
        planned,
      ),
  });
}

function doneText({ existed, dryRun }: Created): string {
  if (existed) return 'no: it was there';
  return dryRun ? 'no: --dry-run' : 'created';
}

/** What is to be made, before anything is: of several streams none must be refused when others are done. */
async function plan(
  context: Context,
  settings: StreamSettings,
  given: string | undefined,
  { from, createStream = false }: CreateFlags,
): Promise<Created> {
  const { stream } = settings;
  const group = given ?? settings.group;
  if (!group) throw unnamed(stream);
  const redis = await context.redis();
  const { dryRun } = context.options;
  const facts = await readFacts(redis, stream);
  if (!facts && !createStream) throw await withAdvice(streamMissing(redis, stream));
  const found = facts?.groups.find((one) => one.group === group);
  const one = { stream, group, streamCreated: !facts, dryRun };
  if (found) return { ...one, lastDeliveredId: found.lastDeliveredId, toDeliver: null, existed: true };
  const position = parsePosition(from, facts?.timeMs ?? 0);
  const lastDeliveredId = facts ? lastDeliveredAt(position, facts) : '0-0';
  const whole = { start: facts?.length ?? 0, end: 0, id: null, time: null }[position.kind];
  return { ...one, lastDeliveredId, toDeliver: whole, existed: false };
}

async function createAll(
  context: Context,
  planned: readonly Created[],
  { createStream: makeStream = false }: CreateFlags,
): Promise<void> {
  const redis = await context.redis();
  for (const { stream, group, lastDeliveredId, existed } of planned)
    if (!existed) await createGroup(redis, stream, group, { lastDeliveredId, makeStream });
}

async function withAdvice(missing: Promise<QctlError>): Promise<QctlError> {
  const error = await missing;
  error.hint.push('--create-stream makes it');
  return error;
}

function unnamed(stream: string): QctlError {
  return new QctlError('usage', `the group to create on ${stream} is not named`, {
    code: 'GROUP_UNNAMED',
    hint: [`write 'qctl group create ${stream} NAME', or name it in qctl.yaml under streams`],
    details: { stream },
  });
}
