import { fieldsToJson } from '../../src/model/entry.ts';
import { shortList } from '../../src/model/short-list.ts';
import {
  chooseDeadLetters,
  type DeadLetter,
  deadLetterAgeMs,
  lookPatiently,
  originalFields,
  readWhole,
  type WholeDeadLetter,
  type Work,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { addChoice, type ChoiceFlags, type Chosen, chosenLetters, lettersText } from './choice.ts';
import { formatBodies, formatLetters, type ShownLetter } from './format-letters.ts';

interface ShowFlags extends ChoiceFlags {
  limit: number;
  bodies?: boolean;
}

const DEFAULT_LIMIT = 20;

/** `qctl dlq show STREAM [ID…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDlqShow): QctlCommand {
  const command = createCommand(entry).option('--bodies', 'with the fields of the original entries');
  addChoice(command, DEFAULT_LIMIT);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl dlq show orders', 'the oldest dead letters of a stream, and why they died'],
    ['qctl dlq show orders 1763721600000-0 --bodies', 'one of them, whole'],
    ["qctl dlq show orders --reason 'timeout*' --since 2h -o json", 'some of them, for a script'],
  ]);
  return command.action((stream: string, ids: string[], flags: ShowFlags) =>
    run(context, stream, ids, flags),
  );
}

/** Carries it out. Returns the exit code. */
export async function runDlqShow(
  context: Context,
  stream: string,
  ids: string[],
  flags: ShowFlags,
): Promise<number> {
  const { io, options } = context;
  // Whoever names ids wants to see all of them.
  const limit = ids.length > 0 && flags.limit === DEFAULT_LIMIT ? ids.length : flags.limit;
  const chosen = await chosenLetters(context, stream, ids, { ...flags, limit });
  const redis = await context.redis();
  const bodies = flags.bodies === true || options.output !== 'table';
  const { found, shown } = await withProgress(context, 'look', async ({ work, progress }) => {
    const all = await lookFor(context, chosen, limit, work, (seen) =>
      progress.update(`${lettersText(seen)} looked at`),
    );
    const first = all.slice(0, limit);
    return { found: all, shown: bodies ? await withFields(redis, first, work) : first };
  });
  const more = found.length > limit;
  const missing = more ? [] : missingOf(chosen, found);
  if (!options.quiet) io.stderr.write(noteOn({ shown: shown.length, more, missing }));
  await renderResult(io, options, {
    type: 'dead-letter',
    data: shown.map(({ fields, ...letter }) => ({
      ...letter,
      fields: fields && fieldsToJson(originalFields(fields)),
    })),
    table: () => (bodies ? formatBodies(io.stdout, shown) : formatLetters(io.stdout, shown)),
  });
  return missing.length > 0 ? exitCodeOf('partial') : 0;
}

/** One more than is shown, which tells whether there are more. */
async function lookFor(
  context: Context,
  { streams, choice }: Chosen,
  limit: number,
  work: Work,
  onPage: (seen: number) => void,
): Promise<ShownLetter[]> {
  const redis = await context.redis();
  const found: ShownLetter[] = [];
  let seen = 0;
  for (const dead of streams) {
    const facts = await lookPatiently(redis, dead.stream, work);
    if (!facts || found.length > limit) continue;
    const own = { ...choice, limit: limit + 1 - found.length };
    for await (const page of chooseDeadLetters(redis, dead, own, facts.lastGeneratedId, work)) {
      for (const letter of page.letters)
        found.push({ ...letter, ageMs: deadLetterAgeMs(letter, facts.timeMs), fields: null });
      seen += page.seen;
      onPage(seen);
    }
  }
  return found;
}

async function withFields(
  redis: Parameters<typeof readWhole>[0],
  letters: readonly ShownLetter[],
  work: Work,
): Promise<ShownLetter[]> {
  const whole = await readWhole(redis, letters, work);
  const byId = new Map(whole.map((letter): [string, WholeDeadLetter] => [keyOf(letter), letter]));
  return letters.flatMap((letter) => {
    const found = byId.get(keyOf(letter));
    return found ? [{ ...letter, fields: found.fields }] : [];
  });
}

function keyOf({ stream, id }: Pick<DeadLetter, 'stream' | 'id'>): string {
  return `${id} ${stream}`;
}

function missingOf({ choice: { ids = [] } }: Chosen, found: readonly ShownLetter[]): string[] {
  const there = new Set(found.map(({ id }) => id));
  return [...new Set(ids)].filter((id) => !there.has(id));
}

function noteOn({ shown, more, missing }: { shown: number; more: boolean; missing: string[] }): string {
  if (missing.length > 0)
    return `${grouped(missing.length)} of the ids are not there: ${shortList(missing)}\n`;
  if (more) return `there are more than these ${grouped(shown)}; --limit shows more\n`;
  return shown === 0 ? 'there are no such dead letters\n' : '';
}
