import { QctlError } from '../errors.ts';
import { type FoldedRun, foldJournal } from './fold.ts';
import { isAway } from './journal.ts';
import { type ReadJournal, readJournal } from './open-journal.ts';
import { type Call, redisName } from './open-session.ts';
import type { FirstLine, JournalLine } from './run-types.ts';
import { missing } from './store.ts';

/** A run as its journal tells it. */
export interface KnownRun {
  read: ReadJournal;
  folded: FoldedRun;
  /** Only this host's journal was read: Redis is away. */
  offline: boolean;
}

/** A run as its journal tells it. Throws `usage` RUN_NOT_FOUND. */
export async function knownRun(
  { host, options }: Pick<Call, 'host' | 'options'>,
  run: string,
): Promise<KnownRun> {
  const { stateFolder, withoutRedis } = options;
  try {
    const read = (await readJournal(host, stateFolder, run)) ?? (await missing(host, run));
    return { read, folded: foldJournal(read.lines), offline: false };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const read = withoutRedis && (await readJournal(host, stateFolder, run, { withoutRedis: true }));
    if (read) return { read, folded: foldJournal(read.lines), offline: true };
    throw unreachable(run, error, withoutRedis ?? false);
  }
}

function isUnreachable(error: unknown): boolean {
  return isAway(error) || (error instanceof QctlError && error.kind === 'target');
}

function unreachable(run: string, error: unknown, tried: boolean): QctlError {
  return new QctlError('target', `run ${run} cannot be looked at: ${(error as Error).message}`, {
    code: 'REDIS_AWAY',
    hint: tried
      ? ['this host has no journal of it: go to the host where it was run']
      : [`to go back all the same, on the host where it was run: qctl rollback ${run} --without-redis`],
    cause: error,
  });
}

/**
 * A run that is to be gone on with, or taken back. Throws as {@link knownRun}, and `refused` where the plan is not
 * the one that was begun, or the Redis not the one where it was begun.
 */
export async function sameRun(call: Call, run: string): Promise<KnownRun> {
  const known = await knownRun(call, run);
  requireSamePlan(call, known.folded);
  await requireSameRedis(call, known);
  return known;
}

/**
 * A Redis that knows the run is the right one, whatever it is called by now. One that does not may have lost it; where
 * it has another name as well, the run would be gone on with, or undone, in the wrong place.
 */
async function requireSameRedis({ host, options }: Call, { read, offline }: KnownRun): Promise<void> {
  if (offline || read.mirrored || options.acceptOtherRedis) return;
  const { run, redis: was, files = [] } = read.lines[0] as FirstLine & JournalLine;
  const is = await redisName(host);
  if (was === undefined || was === is) return;
  throw new QctlError('refused', `${run} was begun with ${was}, and this is ${is}, which does not know it`, {
    code: 'OTHER_REDIS',
    hint: [
      ...files.slice(0, 1).map((file) => `it was begun with this configuration: --config ${file}`),
      'name the Redis of the run: --redis-url, --profile, --config',
      'if that one was moved to here, or restored, and has lost the run: --accept-other-redis',
    ],
    details: { run, was, is },
  });
}

/** Throws `refused` where the plan is not the one that was begun. */
function requireSamePlan({ plan, options }: Call, folded: FoldedRun): void {
  if (plan.hash !== folded.hash && !options.acceptPlanChange)
    throw new QctlError('refused', `the plan is not the one that ${folded.run} was begun with`, {
      code: 'PLAN_CHANGED',
      hint: [
        'take the plan as it was (it stands in the journal)',
        'or go on with this one: --accept-plan-change',
      ],
      details: { was: folded.hash, is: plan.hash },
    });
  const known = new Set(plan.steps.map(({ id }) => id));
  const lost = [...folded.steps.keys()].find((id) => !known.has(id) && !id.startsWith('rollback.'));
  if (lost !== undefined)
    throw new QctlError('refused', `the plan has no step ${lost} any more, which ${folded.run} has begun`, {
      code: 'PLAN_LACKS_STEP',
      hint: ['a step that was begun can only be undone by its plan: put it back'],
    });
}
