import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { fieldsToJson } from '../../src/model/entry.ts';
import { lookPatiently, readDeadLetters, type WholeDeadLetter, type Work } from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { writeWhole } from '../term/out-file.ts';
import { renderResult } from '../term/render.ts';
import { printable } from '../term/text.ts';
import { addChoice, type ChoiceFlags, type Chosen, chosenLetters, lettersText } from './choice.ts';
import { writeToOutput } from './export-sink.ts';
import { ExportTally } from './export-tally.ts';
import { type ExportReport, exportNotes, formatExportReport } from './format-export.ts';

interface ExportFlags extends ChoiceFlags {
  gzip?: boolean;
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
    "\nOne dead letter a line, as NDJSON whatever -o says; nothing is lost of it, and 'qctl dlq import' brings it back.\nThe report names the purge that deletes what was exported, and nothing that died since. A file is left as it is\nwhere there is nothing to export.",
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
  const tally = new ExportTally(chosen);
  const written = await withProgress(context, 'export', ({ work, progress }) => {
    const lines = linesOf(context, chosen, work, (letter) => {
      tally.add(letter);
      progress.update(`${lettersText(tally.exported)} exported`);
    });
    return write(context, path, lines, gzip);
  });
  const report: ExportReport = { file: path ?? null, ...written, ...tally.report(stream, flags) };
  await tell(context, report);
  return report.missingIds.length > 0 ? exitCodeOf('partial') : 0;
}

async function write(
  { io }: Context,
  path: string | undefined,
  lines: AsyncGenerator<Buffer>,
  gzip: boolean,
): Promise<Pick<ExportReport, 'fileBytes' | 'kept'>> {
  if (path === undefined) {
    await writeToOutput(io.stdout, gzip ? compressed(lines) : lines, gzip);
    return { fileBytes: null, kept: false };
  }
  const first = await lines.next();
  // After a purge there is nothing, and the file may be the only copy of what there was.
  if (first.done && (await isThere(path))) return { fileBytes: null, kept: true };
  const all = goingOn(first, lines);
  return { fileBytes: await writeWhole(path, gzip ? compressed(all) : all), kept: false };
}

async function* goingOn(
  first: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Of a file the result is what was written; otherwise stdout holds the dead letters and nothing else. */
async function tell({ io, options }: Context, report: ExportReport): Promise<void> {
  if (!options.quiet) for (const note of exportNotes(report)) io.stderr.write(`${printable(note)}\n`);
  if (report.file === null) return;
  await renderResult(
    io,
    { output: options.output },
    { type: 'export-report', data: report, table: () => formatExportReport(io.stdout, report) },
  );
}

const CHUNK_BYTES = 65_536;

/** The lines of all that is chosen, a few in memory at a time. */
async function* linesOf(
  context: Context,
  { streams, choice }: Chosen,
  work: Work,
  onLetter: (letter: WholeDeadLetter) => void,
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
      onLetter(letter);
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
