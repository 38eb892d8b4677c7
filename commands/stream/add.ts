import { readFile } from 'node:fs/promises';
import { QctlError } from '../../src/errors.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import type { Field } from '../../src/model/entry.ts';
import { addEntry, checkAboveLast, checkNewId, readFacts, streamMissing } from '../../src/streams/index.ts';
import { chosenStream } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import type { Io } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatFields } from '../term/table.ts';

interface AddFlags {
  bodyFile?: string;
  id: string;
  create?: boolean;
}

/** An entry that was added, or would be. */
interface Added {
  stream: string;
  /** Null where Redis is yet to give it out. */
  id: string | null;
  fields: number;
  payloadBytes: number;
  streamCreated: boolean;
  dryRun: boolean;
}

/** `qctl stream add STREAM [NAME=VALUE…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runStreamAdd): QctlCommand {
  const command = createCommand(entry)
    .option('--body-file <path>', 'puts these bytes, as they are, into the body field; -: stdin')
    .option('--id <id>', 'id of the entry; *: Redis gives one out (default: *)', '*')
    .option('--create', 'make the stream where there is none');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl stream add orders type=order.created body=\'{"id":1}\'', 'an entry of two fields; prints its id'],
    [
      'qctl stream add orders type=order.created --body-file order.json',
      'the body from a file, byte for byte',
    ],
  ]);
  return command.action((stream: string, fields: string[], flags: AddFlags) =>
    run(context, stream, fields, flags),
  );
}

/** Carries it out. */
export async function runStreamAdd(
  context: Context,
  stream: string,
  texts: string[],
  { bodyFile, id, create = false }: AddFlags,
): Promise<void> {
  const { io, options } = context;
  const given = texts.map(toField);
  checkNewId(id);
  if (given.length === 0 && bodyFile === undefined)
    throw usageError(
      'an entry needs at least one field',
      'NO_FIELDS',
      'write name=value, or give --body-file',
    );
  const settings = await chosenStream(context, stream);
  const fields = await withBody(context, given, settings.entry.body, bodyFile);
  const redis = await context.redis();
  const facts = await readFacts(redis, settings.stream);
  if (!facts && !create) throw await withAdvice(streamMissing(redis, settings.stream));
  checkAboveLast(settings.stream, id, facts?.lastGeneratedId ?? '0-0');
  const request = { stream: settings.stream, id, fields, create };
  const added: Added = {
    stream: settings.stream,
    id: options.dryRun ? (/\*/.test(id) ? null : id) : await addEntry(redis, request),
    fields: fields.length,
    payloadBytes: fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0),
    streamCreated: !facts,
    dryRun: options.dryRun,
  };
  const table = () => (added.dryRun ? formatDryRun(io, added) : added.id!);
  await renderResult(io, options, { type: 'added-entry', data: added, table });
}

function toField(text: string): Field {
  const at = text.indexOf('=');
  if (at > 0) return [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at + 1))];
  throw usageError(`${text} is no field`, 'BAD_FIELD', 'write it as name=value');
}

/** The body stands first, as in the entries of a drain. */
async function withBody(
  context: Context,
  fields: Field[],
  name: string,
  path: string | undefined,
): Promise<Field[]> {
  if (path === undefined) return fields;
  const body = Buffer.from(name);
  if (fields.some(([own]) => own.equals(body)))
    throw usageError(
      `field ${name} is given twice`,
      'FIELD_TWICE',
      'give it as name=value or with --body-file',
    );
  return [[body, await readBody(context, path)], ...fields];
}

async function readBody({ io, signal }: Context, path: string): Promise<Buffer> {
  if (path === '-') return readAll(io.stdin.stream, signal);
  try {
    return await readFile(path, { signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new QctlError('failed', `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, {
      code: 'BODY_FILE_FAILED',
      hint: ['check the path, and that the file may be read; - takes stdin'],
      details: { path },
      cause,
    });
  }
}

async function readAll(stream: NodeJS.ReadStream, signal: AbortSignal): Promise<Buffer> {
  const { addAbortSignal } = await import('node:stream');
  const chunks: Buffer[] = [];
  for await (const chunk of addAbortSignal(signal, stream)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function withAdvice(missing: Promise<QctlError>): Promise<QctlError> {
  const error = await missing;
  error.hint.push('--create makes it');
  return error;
}

function formatDryRun({ stdout }: Io, { stream, id, fields, payloadBytes, streamCreated }: Added): string {
  return formatFields(stdout, [
    ['would be added to', `${stream}${streamCreated ? ', which would be made' : ''}`],
    ['id', id ?? 'given out by Redis'],
    ['fields', `${grouped(fields)}, ${formatBytes(payloadBytes)}`],
  ]);
}
