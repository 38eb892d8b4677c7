import { QctlError } from '../../../errors.ts';
import { pause } from '../../../model/patience.ts';
import type { StepWorld } from '../../step.ts';
import { commandError, order, query, tailOf } from '../command.ts';

/** What systemd says of a unit, in its own words. */
export interface UnitState {
  loadState: string;
  activeState: string;
  subState: string;
  /** `success`, `exit-code`, `timeout`, `start-limit-hit`. */
  result: string;
  /** Empty where there is no file. */
  unitFileState: string;
  type: string;
  /** Changes with each start. */
  mainPid: string;
  restarts: number;
}

/** Of which manager, and in which world it is asked. */
export interface Manager {
  user: boolean;
  world: StepWorld;
}

const PROPERTIES = 'LoadState,ActiveState,SubState,Result,UnitFileState,Type,MainPID,NRestarts';
const LOOK_MS = 100;

/** Program and options that every call has: no pager, no question for a password. */
export function systemctl(user: boolean, ...rest: string[]): string[] {
  return ['systemctl', ...(user ? ['--user'] : []), '--no-pager', '--no-ask-password', ...rest];
}

/** Asks for a unit's state. */
export async function showUnit(unit: string, { user, world }: Manager): Promise<UnitState> {
  const outcome = await query(world, systemctl(user, 'show', `--property=${PROPERTIES}`, '--', unit));
  if (outcome.ended !== 'ok') throw commandError(outcome, `systemctl show ${unit}`, world);
  // By name: not every version gives the values in the order that they were asked for.
  const values = new Map(outcome.stdout.split('\n').map((line) => splitAt(line, line.indexOf('='))));
  const value = (name: string): string => values.get(name) ?? '';
  return {
    loadState: value('LoadState'),
    activeState: value('ActiveState'),
    subState: value('SubState'),
    result: value('Result'),
    unitFileState: value('UnitFileState'),
    type: value('Type'),
    mainPid: value('MainPID'),
    restarts: Number(value('NRestarts') || 0),
  };
}

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1).trimEnd()];
}

/** At work, or about to be. */
export function isUp({ activeState }: UnitState): boolean {
  return ['active', 'activating', 'reloading', 'refreshing'].includes(activeState);
}

/** Its processes have ended, well or not. */
export function isDown({ activeState }: UnitState): boolean {
  return activeState === 'inactive' || activeState === 'failed';
}

/** Gives an order about a unit and fails as systemd does. */
export async function orderUnit(verb: string[], unit: string, manager: Manager): Promise<void> {
  const { user, world } = manager;
  const outcome = await order(world, systemctl(user, ...verb, '--', unit));
  if (outcome.ended === 'ok') return;
  if (outcome.ended !== 'failed') throw commandError(outcome, `${verb[0]} ${unit}`, world);
  const failed = (await showUnit(unit, manager)).activeState === 'failed';
  if (failed && verb[0] !== 'stop') throw await unitError(unit, manager);
  throw commandError(outcome, `${verb[0]} ${unit}`, world, { code: 'UNIT_REFUSED' });
}

/** Waits until a unit is down. */
export async function untilDown(unit: string, manager: Manager): Promise<UnitState> {
  for (;;) {
    const state = await showUnit(unit, manager);
    if (isDown(state)) return state;
    await wait(unit, state, 'inactive', manager);
  }
}

/**
 * Waits until a unit has been active for a time, with one and the same process.
 *
 * @throws QctlError `failed` UNIT_FAILED where it fails or ends, UNIT_NOT_READY where the step's time is over
 */
export async function untilUp(unit: string, stableMs: number, manager: Manager): Promise<UnitState> {
  let since = { incarnation: '', at: 0 };
  for (;;) {
    const state = await showUnit(unit, manager);
    if (state.activeState === 'failed') throw await unitError(unit, manager, state);
    if (isOver(state)) return state;
    if (state.activeState === 'inactive') throw await unitError(unit, manager, state);
    const incarnation = state.activeState === 'active' ? `${state.mainPid}/${state.restarts}` : '';
    if (incarnation !== since.incarnation) since = { incarnation, at: performance.now() };
    if (incarnation !== '' && performance.now() - since.at >= stableMs) return state;
    await wait(unit, state, 'active', manager);
  }
}

/** A oneshot that is no service: it has done its work, and is inactive again. */
function isOver({ type, activeState, result }: UnitState): boolean {
  return type === 'oneshot' && activeState === 'inactive' && result === 'success';
}

async function wait(unit: string, state: UnitState, wanted: string, { world }: Manager): Promise<void> {
  const now = `${state.activeState} (${state.subState})`;
  world.waiting(`until ${unit} is ${wanted}: it is ${now}`);
  await pause(LOOK_MS, world.signal);
  if (!world.signal.aborted) return;
  const again = state.restarts > 0 ? `, restarted ${state.restarts} times` : '';
  throw new QctlError('failed', `${unit} is not ${wanted} in its time: it is ${now}${again}`, {
    code: 'UNIT_NOT_READY',
    hint: [`systemctl status ${unit}`, `journalctl -u ${unit} -n 50`],
  });
}

/** A unit that is not what it should be, with the end of its log. */
export async function unitError(unit: string, manager: Manager, known?: UnitState): Promise<QctlError> {
  const { user, world } = manager;
  const { activeState, result } = known ?? (await showUnit(unit, manager));
  const status = await query(world, systemctl(user, 'status', '--full', '--lines=15', '--', unit));
  const how = result === '' || result === 'success' ? '' : ` (${result})`;
  return new QctlError('failed', `${unit} is ${activeState}${how} after it was started`, {
    code: 'UNIT_FAILED',
    hint: [`journalctl ${user ? '--user ' : ''}-u ${unit} -n 50`],
    details: { tail: tailOf(status, world) ?? null },
  });
}
