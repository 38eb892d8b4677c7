import type * as z from 'zod';
import { type StepOutline, type StepResult, stepKind, type UndoOutline } from '../../step.ts';
import { commandError, order } from '../command.ts';
import { type SystemdParams, systemdSchema, type UnitAction, type UnitVerb } from './params.ts';
import { preflightUnit } from './preflight.ts';
import { isDown, isUp, type Manager, orderUnit, showUnit, systemctl, untilDown, untilUp } from './unit.ts';

/** How a unit was; of a daemon-reload there is nothing to know. */
type UnitMemento = { up: boolean; activeState: string; unitFileState: string };

const SECOND = 1000;
/** systemd itself gives a service 90 s to stop and 90 s to start. */
const TIMEOUT_MS: Record<UnitVerb | 'daemonReload', number> = {
  stop: 120 * SECOND,
  start: 120 * SECOND,
  restart: 240 * SECOND,
  enable: 60 * SECOND,
  disable: 60 * SECOND,
  daemonReload: 60 * SECOND,
};

/** Starts, stops and configures units, waits for their state, and puts them back into the one they had. */
export const systemd = stepKind<SystemdParams, UnitMemento>({
  name: 'systemd',
  schema: systemdSchema as unknown as z.ZodType<SystemdParams>,
  expand: (params) =>
    params.actions.length === 1
      ? [{ suffix: null, params }]
      : params.actions.map((action) => ({
          suffix: action.unit ?? 'daemon-reload',
          params: { ...params, actions: [action] },
        })),
  outline: (params) => outlineOf(only(params), params),
  preflight: (params, world) => preflightUnit(only(params), params, { user: params.user, world }),
  check: async (params, world) => checkUnit(only(params), { user: params.user, world }),
  capture: async (params, world) => {
    const { unit } = only(params);
    if (unit === null) return { up: false, activeState: '', unitFileState: '' };
    const state = await showUnit(unit, { user: params.user, world });
    return { up: isUp(state), activeState: state.activeState, unitFileState: state.unitFileState };
  },
  apply: (params, world) => perform(only(params), params.stableMs, { user: params.user, world }),
  undo: (params, world, memento) => {
    const action = only(params);
    const back = oppositeOf(action, memento);
    if (back === null) return Promise.resolve({ text: `${action.unit} stays as it was before` });
    return perform(back, params.stableMs, { user: params.user, world });
  },
});

/** The planner expands before it asks for anything else. */
function only({ actions }: SystemdParams): UnitAction {
  if (actions.length !== 1) throw new Error('a systemd step must be expanded first');
  return actions[0]!;
}

function outlineOf({ verb, unit }: UnitAction, { user, stableMs }: SystemdParams): StepOutline {
  return {
    does: verb === 'daemonReload' ? 'reload the units of systemd' : `${verb} ${unit}`,
    undo: undoOf(verb, unit, user),
    repeatable: true,
    earliestMs: verb === 'start' || verb === 'restart' ? stableMs : 0,
    timeoutMs: TIMEOUT_MS[verb],
    asks: null,
  };
}

function undoOf(verb: UnitAction['verb'], unit: string | null, user: boolean): UndoOutline {
  const resource = `systemd${user ? ':user' : ''}:${unit}`;
  switch (verb) {
    case 'stop':
      return { does: `start ${unit}`, order: 'raise', resource, timeoutMs: TIMEOUT_MS.start };
    case 'start':
      return { does: `stop ${unit}`, order: 'lower', resource, timeoutMs: TIMEOUT_MS.stop };
    case 'restart':
      return { does: `restart ${unit}`, order: 'refresh', resource, timeoutMs: TIMEOUT_MS.restart };
    case 'daemonReload':
      return { does: 'reload the units of systemd', order: 'refresh', timeoutMs: TIMEOUT_MS.daemonReload };
    default: {
      const back = verb === 'enable' ? 'disable' : 'enable';
      return { does: `${back} ${unit}`, order: 'plain', resource, timeoutMs: TIMEOUT_MS[back] };
    }
  }
}

async function checkUnit(
  { verb, unit }: UnitAction,
  manager: Manager,
): Promise<'done' | 'undone' | 'unknown'> {
  if (verb === 'daemonReload' || verb === 'restart') return 'unknown';
  const state = await showUnit(unit, manager);
  const done = {
    stop: isDown(state),
    start: state.activeState === 'active',
    enable: isEnabled(state.unitFileState),
    disable: !isEnabled(state.unitFileState),
  }[verb];
  return done ? 'done' : 'undone';
}

/** `enabled-runtime` is forgotten at the next boot, and so is not enough. */
function isEnabled(unitFileState: string): boolean {
  return unitFileState === 'enabled';
}

/** What brings a unit back; null: it was so before. A restart that found it down is undone by stopping it. */
function oppositeOf({ verb, unit }: UnitAction, { up, unitFileState }: UnitMemento): UnitAction | null {
  switch (verb) {
    case 'daemonReload':
      return { verb, unit };
    case 'stop':
      return up ? { verb: 'start', unit } : null;
    case 'start':
      return up ? null : { verb: 'stop', unit };
    case 'restart':
      return { verb: up ? 'restart' : 'stop', unit };
    case 'enable':
      return isEnabled(unitFileState) ? null : { verb: 'disable', unit };
    case 'disable':
      return isEnabled(unitFileState) ? { verb: 'enable', unit } : null;
  }
}

async function perform({ verb, unit }: UnitAction, stableMs: number, manager: Manager): Promise<StepResult> {
  try {
    if (verb === 'daemonReload') return await reload(manager);
    if (verb === 'stop') return await stop(unit, manager);
    if (verb === 'enable' || verb === 'disable') {
      await orderUnit([verb], unit, manager);
      return { text: `${unit} is ${verb}d` };
    }
    return await bringUp(verb, unit, stableMs, manager);
  } finally {
    manager.world.waiting(null);
  }
}

async function reload({ user, world }: Manager): Promise<StepResult> {
  const outcome = await order(world, systemctl(user, 'daemon-reload'));
  if (outcome.ended !== 'ok') throw commandError(outcome, 'systemctl daemon-reload', world);
  return { text: 'systemd has read its units again' };
}

async function stop(unit: string, manager: Manager): Promise<StepResult> {
  manager.world.waiting(`until ${unit} has stopped`);
  await orderUnit(['stop'], unit, manager);
  const { activeState, result } = await untilDown(unit, manager);
  const killed = result === 'timeout' || result === 'signal' || result === 'watchdog';
  const left = killed
    ? [`${unit} was killed (${result}): what it held is taken up again by others, and may be done twice`]
    : [];
  return { text: `${unit} is ${activeState}`, left };
}

async function bringUp(
  verb: 'start' | 'restart',
  unit: string,
  stableMs: number,
  manager: Manager,
): Promise<StepResult> {
  manager.world.waiting(`until ${unit} is active`);
  const before = await showUnit(unit, manager);
  if (verb === 'start' && before.activeState === 'active') return { text: `${unit} is active already` };
  // One that has failed too often would be refused.
  if (before.activeState === 'failed') await orderUnit(['reset-failed'], unit, manager);
  await orderUnit([verb], unit, manager);
  const { activeState } = await untilUp(unit, stableMs, manager);
  return { text: `${unit} is ${activeState === 'inactive' ? 'done' : activeState}` };
}
