import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { formatBytes } from '../../src/model/bytes.ts';
import { fieldsToJson } from '../../src/model/entry.ts';
import { lookPatiently, readDeadLetters, type WholeDeadLetter, type Work } from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { group as grouped } from '../drain/format-plan.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { writeWhole } from '../term/out-file.ts';
import { renderResult } from '../term/render.ts';
import { formatFields } from '../term/table.ts';
import { addChoice, type ChoiceFlags, type Chosen, chosenLetters, lettersText } from './choice.ts';
import { writeToOutput } from './export-sink.ts';

interface ExportFlags extends ChoiceFlags {
  gzip?: boolean;
}

/** What was exported. */
interface ExportReport {
  /** Null where it went to stdout. */
  file: string | null;
  exported: number;
  fileBytes: number | null;
  /** Of the ids asked for. */
  missingIds: string[];
}

/** `qctl dlq export STREAM [ID…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDlqExport): QctlCommand {
  const command = createCommand(entry).option(
    '--gzip',
    'compressed; a file that ends in .gz is compressed anyway',
  );
  addChoice(command);
  command.addHelpText(
    'after',
    "\nOne dead letter a line, as NDJSON whatever -o says; nothing is lost of it, and 'qctl dlq import' brings it back.",
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl dlq export orders --out-file orders.ndjson.gz', 'a copy of everything, before a purge'],
    ["qctl dlq export orders --reason 'timeout*' | jq .fields", 'look into some of them'],
  ]);
  return command.action((stream: string, ids: string[], flags: ExportFlags) =>
    run(context, stream, ids, flags),
  );
}

/** Carries it out. Returns the exit code. */
export async function runDlqExport(
  context: Context,
  stream: string,
  ids: string[],
  flags: ExportFlags,
): Promise<number> {
  const { options } = context;
  const chosen = await chosenLetters(context, stream, ids, flags);
  const path = options.outFile;
  const gzip = flags.gzip === true || path?.endsWith('.gz') === true;
  const taken = new Set<string>();
  let exported = 0;
  const fileBytes = await withProgress(context, 'export', ({ work, progress }) => {
    const lines = linesOf(context, chosen, work, (id) => {
      exported += 1;
      if (chosen.choice.ids) taken.add(id);
      progress.update(`${lettersText(exported)} exported`);
    });
    return write(context, path, gzip ? compressed(lines) : lines, gzip);
  });
  const { ids: wanted = [], limit = Number.POSITIVE_INFINITY } = chosen.choice;
  const missingIds = exported < limit ? [...new Set(wanted)].filter((id) => !taken.has(id)) : [];
  await tell(context, { file: path ?? null, exported, fileBytes, missingIds });
  return missingIds.length > 0 ? exitCodeOf('partial') : 0;
}

async function write(
  { io }: Context,
  path: string | undefined,
  chunks: AsyncIterable<Buffer>,
  gzip: boolean,
): Promise<number | null> {
  if (path !== undefined) return writeWhole(path, chunks);
  await writeToOutput(io.stdout, chunks, gzip);
  return null;
}

/** Of a file the result is what was written; otherwise stdout holds the dead letters and nothing else. */
async function tell({ io, options }: Context, report: ExportReport): Promise<void> {
  const { file, exported, fileBytes, missingIds } = report;
  if (missingIds.length > 0 && !options.quiet)
    io.stderr.write(`${grouped(missingIds.length)} of the ids are not there: ${shortList(missingIds)}\n`);
  if (file === null) {
    if (exported === 0 && !options.quiet) io.stderr.write('there is nothing to export\n');
    return;
  }
  await renderResult(
    io,
    { output: options.output },
    {
      type: 'export-report',
      data: report,
      table: () =>
        formatFields(io.stdout, [
          ['exported', lettersText(exported)],
          ['to', `${file}, ${formatBytes(fileBytes!)}`],
        ]),
    },
  );
}

const CHUNK_BYTES = 65_536;

/** The lines of all that is chosen, a few in memory at a time. */
async function* linesOf(
  context: Context,
  { streams, choice }: Chosen,
  work: Work,
  onLetter: (id: string) => void,
): AsyncGenerator<Buffer> {
  const redis = await context.redis();
  let left = choice.limit;
  let text = '';
  for (const dead of streams) {
    const facts = await lookPatiently(redis, dead.stream, work);
    if (!facts || left === 0) continue;
    const own = { ...choice, limit: left };
    for await (const letter of readDeadLetters(redis, dead, own, facts.lastGeneratedId, work)) {
      text += toLine(letter);
      onLetter(letter.id);
      if (left !== undefined) left -= 1;
      if (text.length < CHUNK_BYTES) continue;
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

/** Nothing in it depends on when it is written: the same dead letters make the same file. */
function toLine(letter: WholeDeadLetter): string {
  return formatNdjson({ type: 'dead-letter', ...letter, fields: fieldsToJson(letter.fields) });
}

function compressed(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gzip = createGzip();
  // What goes wrong comes out at the other end.
  pipeline(chunks, gzip).catch(() => undefined);
  return gzip;
}

function shortList(ids: readonly string[]): string {
  return `${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', …' : ''}`;
}
