import { runScript } from '../backends/redis/index.ts';
import { controlCutover } from '../backends/redis/scripts/cutover/control.ts';
import { findSimilar } from '../config/similar.ts';
import { QctlError } from '../errors.ts';
import { cutoverKeys } from '../model/keys.ts';
import { askRedis } from './door.ts';
import type { CutoverHost } from './host.ts';
import type { CutoverStatus, StepState, StepStatus } from './run-types.ts';
import { readControls, readSaid, type Said } from './said.ts';
import { type Gate, isOver, type RunRecord, requireRun } from './store.ts';

/** What a verb has done. */
export interface Controlled {
  run: string;
  /** `pause`, `abort`, `approve:live/25`. */
  what: string;
  prior: Said | null;
  status: CutoverStatus;
}

/** Who says it, and why. */
export interface Speaker {
  by: string;
  reason: string | null;
  /** Looks what would change, and changes nothing. */
  dryRun?: boolean;
}

/** Holds a run before its next step, until it is resumed. Throws `refused` where nobody is at work on it. */
export async function pauseCutover(host: CutoverHost, run: string, speaker: Speaker): Promise<Controlled> {
  const record = await requireRun(host, run);
  if (record.status.state === 'rollingBack') throw goingBack(run);
  return say(host, record, 'pause', speaker);
}

/**
 * Ends a pause, an operator's or a check's. A run that nobody is at work on is resumed by running it.
 *
 * @param assume what became of the step that failed, and may not be repeated
 */
export async function unpauseCutover(
  host: CutoverHost,
  run: string,
  speaker: Speaker,
  assume?: Said['assume'],
): Promise<Controlled> {
  const record = await requireRun(host, run);
  requireUnfinished(record);
  if (record.status.alive && record.status.state !== 'paused' && !(await readControls(host, run)).pause)
    throw refused(`run ${run} is not paused`, 'NOT_PAUSED', [`qctl cutover status ${run}`]);
  if (assume && !record.status.steps.some(isOpenFailure))
    throw refused(`run ${run} has no step that failed: nothing is to be assumed`, 'NOTHING_TO_ASSUME', [
      `to lift the pause: qctl cutover resume ${run}`,
    ]);
  // A pause that a check or a failure has brought about stands in the process alone: this is the answer to it.
  await write(host, record, 'pause', '', false, speaker);
  return say(host, record, 'go', speaker, { alive: false, assume });
}

/** What has failed before it was begun has done nothing. */
function isOpenFailure({ state, startedAt }: StepStatus): boolean {
  return state === 'failed' && startedAt !== null;
}

/**
 * Sends a run back at once: the step in hand is broken off. Throws `refused` where nobody is at work on it,
 * it is on its way back already, or what was done has no way back (unless forced); then nothing is done.
 */
export async function abortCutover(
  host: CutoverHost,
  run: string,
  speaker: Speaker,
  { force = false } = {},
): Promise<Controlled> {
  const record = await requireRun(host, run);
  if (record.status.state === 'rollingBack') throw goingBack(run);
  if (record.status.pastNoReturn && !force)
    throw refused(`run ${run} is past its point of no return`, 'PAST_NO_RETURN', [
      'what can be undone would be undone, the rest not',
      'if that is what you want: --force',
    ]);
  return say(host, record, 'abort', speaker, { force });
}

/**
 * Approves a step that waits or comes later; `next`: the first gate that is still ahead. It holds for this run
 * and its plan alone, also where nobody is at work on it at the moment.
 */
export async function approveCutover(
  host: CutoverHost,
  run: string,
  step: string | 'next',
  speaker: Speaker,
): Promise<Controlled> {
  const record = await requireRun(host, run);
  requireUnfinished(record);
  if (record.status.state === 'rollingBack') throw goingBack(run);
  const gate = step === 'next' ? nextGate(record) : findGate(record, step);
  return say(host, record, `approve:${gate.step}`, speaker, { alive: false, hash: record.hash });
}

const AHEAD: readonly StepState[] = ['pending', 'running', 'unknown', 'failed'];

function isAhead({ status }: RunRecord, { step }: Gate): boolean {
  return AHEAD.includes(status.steps.find(({ id }) => id === step)?.state ?? 'pending');
}

function nextGate(record: RunRecord): Gate {
  const gate = record.gates.find((one) => isAhead(record, one));
  if (gate) return gate;
  throw refused(`run ${record.status.run} has nothing to approve ahead`, 'NOTHING_TO_APPROVE', [
    `qctl cutover status ${record.status.run}`,
  ]);
}

function findGate(record: RunRecord, step: string): Gate {
  const gate = record.gates.find((one) => one.step === step);
  if (gate && isAhead(record, gate)) return gate;
  const { run } = record.status;
  if (gate) throw refused(`step ${step} of ${run} is past`, 'STEP_PAST', [`qctl cutover status ${run}`]);
  const names = record.gates.map((one) => one.step);
  const near = findSimilar(step, names);
  throw new QctlError('usage', `run ${run} has no step ${step} that waits for approval`, {
    code: 'NO_SUCH_GATE',
    hint: [
      ...(near ? [`did you mean ${near}?`] : []),
      names.length > 0 ? `steps that do: ${names.join(', ')}` : 'no step of its plan does',
    ],
  });
}

async function say(
  host: CutoverHost,
  record: RunRecord,
  what: string,
  speaker: Speaker,
  { alive = true, ...more }: { alive?: boolean; hash?: string } & Pick<Said, 'force' | 'assume'> = {},
): Promise<Controlled> {
  requireUnfinished(record);
  if (alive && !record.status.alive) throw notAtWork(record.status.run);
  const text = JSON.stringify({ by: speaker.by, why: speaker.reason, ...more });
  const prior = await write(host, record, what, text, alive, speaker);
  return { run: record.status.run, what, prior, status: record.status };
}

/** Forgets a pause of a run that is taken up again. */
export async function forgetPause(host: CutoverHost, run: string): Promise<void> {
  await askRedis(host, 'end the pause', ({ client }) => client.hdel(cutoverKeys(run).control, 'pause'));
}

async function write(
  host: CutoverHost,
  { status }: RunRecord,
  field: string,
  text: string,
  alive: boolean,
  { dryRun }: Speaker,
): Promise<Said | null> {
  if (dryRun) return null;
  const keys = cutoverKeys(status.run);
  const [outcome, prior] = (await askRedis(host, `say ${field} to the run`, ({ client }) =>
    runScript(client, controlCutover, [keys.record, keys.control], [...[alive ? '1' : '0', field, text]]),
  )) as [string, string | null];
  if (outcome === 'dead') throw notAtWork(status.run);
  if (outcome !== 'ok')
    throw refused(`run ${status.run} is over, or on its way back, by now: nothing was done`, 'RUN_CHANGED', [
      `qctl cutover status ${status.run}`,
    ]);
  return prior ? (readSaid(prior) ?? null) : null;
}

function requireUnfinished({ status }: RunRecord): void {
  if (!isOver(status.state)) return;
  throw refused(`run ${status.run} is over (${status.state}): there is nothing to control`, 'RUN_FINISHED', [
    status.state === 'completed' ? `to go back: qctl rollback ${status.run}` : 'qctl cutover list',
  ]);
}

function notAtWork(run: string): QctlError {
  return refused(`nobody is at work on run ${run}: nothing was done`, 'NOT_AT_WORK', [
    `to go on: qctl cutover resume ${run}`,
    `to go back: qctl rollback ${run}`,
  ]);
}

function goingBack(run: string): QctlError {
  return refused(`run ${run} is on its way back already: nothing was done`, 'ROLLING_BACK', [
    `qctl cutover status ${run}`,
  ]);
}

function refused(text: string, code: string, hint: string[]): QctlError {
  return new QctlError('refused', text, { code, hint });
}
