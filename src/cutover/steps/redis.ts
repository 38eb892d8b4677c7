import * as z from 'zod';
import { type RedisConnection, toTargetError } from '../../backends/redis/index.ts';
import { QctlError } from '../../errors.ts';
import type { Backup } from '../backup.ts';
import { type StepResult, type StepWorld, stepKind, type UndoOutline } from '../step.ts';
import { text } from './common.ts';
import { onlyReads, refusal, shown } from './redis-commands.ts';
import { isDone, type PutBack, putBack, shapeOf, type Taken, takeDown } from './redis-undo.ts';
import { findingsOf, resolveValue, valueSource } from './value.ts';

const TIMEOUT_MS = 30_000;

const command = z.tuple([text], valueSource);
const commands = z.union([command.transform((one) => [one]), z.array(command).min(1)]);

const schema = z
  .strictObject({
    command: command.optional(),
    commands: z.array(command).min(1).optional(),
    undo: commands.optional(),
    expect: z.union([z.string(), z.number(), z.null()]).optional(),
    allow: z.array(text).default([]),
  })
  .transform(({ command: single, commands: many, ...rest }, context) => {
    const all = many ?? (single ? [single] : []);
    if ((single === undefined) === (many === undefined)) context.addIssue('expected command or commands');
    for (const each of [...all, ...(rest.undo ?? [])]) {
      const why = refusal(plain(each), rest.allow);
      if (why !== undefined) context.addIssue(why);
    }
    return { ...rest, commands: all };
  });

type Command = z.output<typeof command>;
type RedisParams = z.output<typeof schema>;

/** Values may be long, and secret: they are kept as files are. */
type RedisMemento = { taken: Backup | null };

/** Runs commands of Redis, one after the other. */
export const redis = stepKind<RedisParams, RedisMemento>({
  name: 'redis',
  standsInRedis: true,
  schema,
  outline: (params) => ({
    does: `run ${describe(params.commands)}`,
    undo: undoOf(params),
    repeatable: params.commands.every((each) => onlyReads(plain(each)) || shapeOf(plain(each)) !== undefined),
    earliestMs: 0,
    timeoutMs: TIMEOUT_MS,
    asks: null,
  }),
  preflight: (params, world) =>
    findingsOf(async () => {
      for (const each of [...params.commands, ...(params.undo ?? [])]) await resolved(each, world);
      await world.redis();
      return [];
    }),
  check: async (params, world) => {
    if (params.commands.every((each) => onlyReads(plain(each)))) return 'undone';
    const connection = await world.redis();
    const seen: (boolean | undefined)[] = [];
    for (const each of params.commands)
      seen.push(
        await asTarget(connection, each, async () => isDone(connection, await resolved(each, world))),
      );
    if (seen.includes(undefined)) return 'unknown';
    return seen.includes(false) ? 'undone' : 'done';
  },
  capture: async (params, world) => {
    if (typeof undoOf(params) === 'string' || params.undo) return { taken: null };
    const connection = await world.redis();
    const taken: Taken[] = [];
    for (const each of params.commands)
      taken.push(
        await asTarget(connection, each, async () => takeDown(connection, await resolved(each, world))),
      );
    return { taken: await world.backups.keepBytes(Buffer.from(JSON.stringify(taken))) };
  },
  apply: async (params, world) => {
    const reply = await runAll(params.commands, world);
    const { expect } = params;
    if (expect === undefined || String(reply) === String(expect))
      return { text: `ran ${describe(params.commands)}` };
    throw new QctlError('failed', `${describe(params.commands)}: the answer is not ${expect}`, {
      code: 'REDIS_UNEXPECTED',
      hint: ['look at the key, or put right what the plan expects'],
    });
  },
  undo,
  rehearse: async (params) => ({ text: `would run ${describe(params.commands)}` }),
});

async function undo(params: RedisParams, world: StepWorld, { taken }: RedisMemento): Promise<StepResult> {
  if (world.rehearsal) return { text: `would undo ${describe(params.commands)}` };
  if (params.undo) {
    await runAll(params.undo, world);
    return { text: `ran ${describe(params.undo)}` };
  }
  if (!taken) return { text: 'nothing to undo' };
  const connection = await world.redis();
  const outcome: PutBack = { changed: [], left: [] };
  await world.guard();
  const all = JSON.parse((await world.backups.read(taken)).toString()) as Taken[];
  for (const [index, one] of [...all.entries()].reverse())
    await asTarget(connection, params.commands[index]!, () => putBack(connection, one, outcome));
  if (outcome.changed.length > 0) throw changed(outcome.changed, taken);
  const { left } = outcome;
  return { text: `took back ${describe(params.commands)}`, ...(left.length > 0 ? { left } : {}) };
}

function undoOf(params: RedisParams): UndoOutline | 'nothing' | 'missing' {
  const outline = (does: string): UndoOutline => ({ does, order: 'plain', timeoutMs: TIMEOUT_MS });
  if (params.undo) return outline(`run ${describe(params.undo)}`);
  const changing = params.commands.filter((each) => !onlyReads(plain(each)));
  if (changing.length === 0) return 'nothing';
  return changing.every((each) => shapeOf(plain(each)))
    ? outline(`take back ${describe(changing)}`)
    : 'missing';
}

function describe(all: readonly Command[]): string {
  return all.map((each) => shown(plain(each))).join(', ');
}

/** The words, without the values that come from elsewhere. */
function plain(each: Command): string[] {
  return each.map((word) => (typeof word === 'object' ? '…' : String(word)));
}

function resolved(each: Command, world: StepWorld): Promise<string[]> {
  return Promise.all(each.map((word, index) => resolveValue(word, world, `command.${index}`)));
}

async function runAll(all: readonly Command[], world: StepWorld): Promise<unknown> {
  const connection = await world.redis();
  let reply: unknown;
  for (const each of all) {
    const [name, ...words] = await resolved(each, world);
    world.signal.throwIfAborted();
    await world.guard();
    reply = await asTarget(connection, each, () => connection.client.call(name!, ...words));
  }
  return reply;
}

async function asTarget<T>(connection: RedisConnection, each: Command, work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    throw toTargetError(error, connection.label, `run ${shown(plain(each))}`);
  });
}

function changed(names: string[], backup: Backup): QctlError {
  return new QctlError('failed', `changed by others since, and left as found: ${names.join(', ')}`, {
    code: 'REDIS_CHANGED',
    hint: [
      `what was there before stands in ${backup.path} (values in base64)`,
      'put right what is needed by hand',
    ],
    details: { keys: names },
  });
}
