import type { RedisConnection } from '../../src/backends/redis/index.ts';
import type { Operation } from '../../src/breaker/index.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { operatorHere } from '../operator.ts';
import { renderResult } from '../term/render.ts';
import { printable } from '../term/text.ts';
import { carryOut } from './carry-out.ts';
import { type Change, changeJson, type Failure, failureJson } from './change.ts';
import { type ChoiceRules, checkNames, chooseTargets, type KnownTarget, type Target } from './choose.ts';
import { failedChanges } from './failed-changes.ts';
import { type ChangeRow, failureRow, formatChanges } from './format-changes.ts';
import { reachText } from './reach.ts';

/** One verb that changes breakers, as data. */
export interface Steering extends ChoiceRules {
  names: readonly string[];
  reason?: string;
  /** What is done to one of them; undefined where there is nothing to do. Throws what speaks against all of it. */
  operationFor: (target: KnownTarget) => Operation | undefined;
  /** The rows that show what has become of one. */
  rowsOf: (change: Change) => ChangeRow[];
  /** What is to be said of one on stderr, as clauses. */
  notesOf?: (change: Change) => string[];
  /** Which are worth showing; default: all. */
  shows?: (change: Change) => boolean;
}

/** Finds the breakers, changes them one by one and prints what stood there before and what stands there now. */
export async function steer(context: Context, steering: Steering): Promise<void> {
  await checkNames(context, steering.names);
  const redis = await context.redis();
  const targets = await chooseTargets(context, redis, steering.names, steering);
  const { changes, failures } = await changeAll(context, redis, targets, steering);
  await report(context, steering, changes.filter(steering.shows ?? (() => true)), failures);
  if (failures.length > 0) throw failedChanges(changes.length, failures);
}

async function changeAll(
  { options, signal }: Context,
  redis: RedisConnection,
  targets: readonly Target[],
  { operationFor, doing, reason }: Steering,
): Promise<{ changes: Change[]; failures: Failure[] }> {
  const looked = targets.filter((target): target is KnownTarget => target.view !== null);
  const planned = looked.map((target) => ({ target, operation: operationFor(target) }));
  const unseen = targets.flatMap(({ name, failure }) => (failure ? [{ name, error: failure }] : []));
  const outcome = await carryOut(redis, planned, {
    ...{ operator: { ...operatorHere(), reason: reason ?? null }, dryRun: options.dryRun, signal },
    ask: (work) => askRedis(redis, doing, work),
  });
  return { ...outcome, failures: [...unseen, ...outcome.failures] };
}

async function report(
  { io, options }: Context,
  { rowsOf, notesOf }: Steering,
  changes: readonly Change[],
  failures: readonly Failure[],
): Promise<void> {
  const { dryRun, quiet } = options;
  if (!quiet) {
    const notes = changes.flatMap((change) => [
      ...(change.created ? [createdText(change, dryRun)] : []),
      ...(notesOf?.(change) ?? []).map((clause) => `${change.name}: ${clause}`),
    ]);
    if (changes.length + failures.length === 0) notes.push('there is nothing to do');
    for (const note of [...notes, ...reachText(changes, dryRun)]) io.stderr.write(`${printable(note)}\n`);
  }
  await renderResult(io, options, {
    type: 'breaker-change',
    data: [
      ...changes.map((change) => changeJson(change, dryRun)),
      ...failures.map((failure) => failureJson(failure, dryRun)),
    ],
    table: () => formatChanges(io.stdout, [...changes.flatMap(rowsOf), ...failures.map(failureRow)]),
  });
}

function createdText({ name, configured }: Change, dryRun: boolean): string {
  const settings = configured ? 'the settings of qctl.yaml or the environment' : 'default settings';
  return `${name}: ${dryRun ? 'would be' : 'is'} new in Redis, with ${settings}`;
}

/**
 * What qctl.yaml and the environment say, for a breaker that nobody has given settings yet. One that has some keeps
 * those of its program: to trip it must not change them.
 */
export function declaredOnCreation({ view, configured }: KnownTarget): Target['configured'] {
  return view.rev === 0 ? configured : undefined;
}
