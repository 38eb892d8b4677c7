import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { controlRun } from '../backends/redis/scripts/control-run.ts';
import { QctlError } from '../errors.ts';
import { runKey } from '../model/keys.ts';
import { asBack } from './back/attach.ts';
import { memories } from './brakes/memory.ts';
import { type Decision, decisionField, readDecision, writeDecision } from './decision.ts';
import { viewRun } from './membership.ts';
import { RunStore } from './run-store.ts';
import { checkTunable, NO_OVERRIDE } from './tunable.ts';

/** Who decides, and why. */
export interface Decider {
  /** `user@host`. */
  by: string;
  reason: string | null;
  /** Looks what would change, and changes nothing. */
  dryRun?: boolean;
}

/** One thing that was changed, or would be. */
export interface ControlChange {
  run: string;
  /** `paused`, `stop`, or the name of a setting. */
  what: string;
  /** What stood there before. */
  prior: Decision | null;
  /** What stands there now; null where it was taken back. */
  next: Decision | null;
}

/** What a verb has done, and whom it reaches. */
export interface ControlResult {
  changes: ControlChange[];
  /** Processes at work on the run: they notice within a second. */
  processes: number;
}

/** Holds all processes of a run until it is resumed. Throws `usage` for no such run, `refused` for a finished one. */
export function pauseRun(redis: RedisConnection, run: string, decider: Decider): Promise<ControlResult> {
  return decide(redis, run, [['paused', '']], decider);
}

/** Ends a pause. */
export function resumeRun(redis: RedisConnection, run: string, decider: Decider): Promise<ControlResult> {
  return decide(redis, run, [['paused', null]], decider);
}

/** Ends every process that is at work on the run now; one that is started later works. */
export function stopRun(redis: RedisConnection, run: string, decider: Decider): Promise<ControlResult> {
  return decide(redis, run, [['stop', '']], decider);
}

/**
 * Sets settings for the whole run, over the flags of its processes, until they are set to `-`. All are
 * checked before the first is written, and written in one step.
 */
export async function setRun(
  redis: RedisConnection,
  run: string,
  settings: readonly (readonly [name: string, value: string])[],
  decider: Decider,
): Promise<ControlResult> {
  const { manifest } = await new RunStore(redis.client).require(run);
  for (const [name, value] of settings) checkTunable(name, value, manifest.source.kind);
  if (asBack(manifest)) requireRateOnly(settings.map(([name]) => name));
  if (settings.some(([name, value]) => name === 'max-memory' && value.endsWith('%')))
    await requireMaxmemory(redis);
  const wanted = settings.map(([name, value]) => [name, value === NO_OVERRIDE ? null : value] as const);
  return decide(redis, run, wanted, decider);
}

function requireRateOnly(names: string[]): void {
  const other = names.find((name) => name !== 'rate');
  if (other === undefined) return;
  throw new QctlError('usage', `${other} is no setting of a way back`, {
    code: 'SETTING_NOT_FOR_SOURCE',
    hint: ['rate is the one that can be set while it is at work'],
  });
}

async function requireMaxmemory(redis: RedisConnection): Promise<void> {
  if ((await memories(redis)).every(({ most }) => most > 0)) return;
  throw new QctlError('refused', 'Redis has no maxmemory that a percentage could be of', {
    code: 'NO_MAXMEMORY',
    hint: ['CONFIG SET maxmemory, or give an amount: max-memory=2GB'],
  });
}

async function decide(
  redis: RedisConnection,
  run: string,
  wanted: readonly (readonly [what: string, value: string | null])[],
  decider: Decider,
): Promise<ControlResult> {
  const record = await new RunStore(redis.client).require(run);
  if (record.state !== 'running') throw finished(run, record.state);
  const view = await viewRun(redis.client, run);
  const texts = wanted.map(([, value]) =>
    value === null ? '' : writeDecision(value, decider.by, decider.reason),
  );
  const [now, priors] = decider.dryRun
    ? [view.nowMs, wanted.map(([what]) => view.decisions.get(what))]
    : await write(
        redis,
        run,
        wanted.map(([what], i) => [decisionField(what), texts[i]!]),
      );
  const changes = wanted.map(([what, value], i) => ({
    run,
    what,
    prior: priors[i] ?? null,
    next: value === null ? null : { value, by: decider.by, reason: decider.reason, atMs: now },
  }));
  return { changes, processes: view.alive.size };
}

async function write(
  redis: RedisConnection,
  run: string,
  fields: [field: string, text: string][],
): Promise<[nowMs: number, priors: (Decision | undefined)[]]> {
  const reply = (await runScript(redis.client, controlRun, [runKey(run)], fields.flat())) as [
    outcome: string,
    now: string,
    ...priors: (string | null)[],
  ];
  const [outcome, now, ...priors] = reply;
  if (outcome !== 'ok') throw finished(run, outcome);
  return [Number(now), fields.map((_, i) => readDecision(priors[i]))];
}

function finished(run: string, state: string): QctlError {
  const why = state === 'missing' ? 'is not recorded any more' : `is ${state}`;
  return new QctlError('refused', `run ${run} ${why}: there is nothing to control`, {
    code: 'RUN_FINISHED',
    hint: ['qctl drain list'],
    details: { run, state },
  });
}
