import { type BreakerView, type Operation, operateBreaker } from '../../breaker/index.ts';
import { formatExactDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { shortList } from '../../model/short-list.ts';
import { type StepWorld, stepKind } from '../step.ts';
import { type BreakerParams, breakerSchema } from './breaker-params.ts';
import {
  aboutBreakers,
  type BreakerBefore,
  beforeOf,
  overrideBack,
  stateBack,
  viewsOf,
} from './breaker-standing.ts';

const TIMEOUT_MS = 30_000;

/**
 * `breaker`: trips, resets, holds or releases circuit breakers. Its undo gives each its override or state back, as far
 * as time has not taken it away meanwhile; what a reset has forgotten of calls stays forgotten.
 */
export const breaker = stepKind<BreakerParams, { breakers: BreakerBefore[] }>({
  name: 'breaker',
  standsInRedis: true,
  schema: breakerSchema,
  outline: (params) => ({
    does: orderOf(params),
    undo: {
      does: `give ${shortList(params.names)} the ${isOverride(params) ? 'override' : 'state'} back that was there`,
      order: 'plain',
      timeoutMs: TIMEOUT_MS,
    },
    repeatable: true,
    earliestMs: 0,
    timeoutMs: TIMEOUT_MS,
    asks: null,
  }),
  preflight: async ({ names }, world) => findings(names, await viewsOf(await world.redis(), names)),
  check: async (params, world) => {
    const views = await viewsOf(await world.redis(), params.names);
    return views.length > 0 && views.every((view) => isDone(params, view)) ? 'done' : 'undone';
  },
  capture: async ({ names }, world) => ({
    breakers: (await viewsOf(await world.redis(), names)).map(beforeOf),
  }),
  async apply(params, world, { breakers }) {
    const operation = operationOf(params);
    for (const { name } of breakers) await operate(world, name, operation, params.reason);
    return { text: doneText(params, breakers) };
  },
  async undo(params, world, { breakers }) {
    const redis = await world.redis();
    const views =
      breakers.length === 0
        ? []
        : await viewsOf(
            redis,
            breakers.map(({ name }) => name),
          );
    const back = isOverride(params) ? overrideBack : stateBack;
    const changed: string[] = [];
    const left: string[] = [];
    for (const before of breakers) {
      const now = views.find(({ name }) => name === before.name)!;
      const operation = back(now, before);
      if (!operation) continue;
      if (isForeign(params, now)) {
        left.push(`${before.name} is held ${now.override!.mode} by ${now.override!.by}, not by this run`);
        continue;
      }
      const reason = before.override?.reason || `rollback of cutover ${world.plan}`;
      await operate(world, before.name, operation, reason);
      changed.push(before.name);
    }
    const text = changed.length === 0 ? 'nothing was to be given back' : `${shortList(changed)} as before`;
    return { text, ...(left.length > 0 && { left }) };
  },
  async rehearse(params, world) {
    const views = await viewsOf(await world.redis(), params.names);
    return {
      text: `only looked at: ${views.map(({ name, state }) => `${name} is ${state}`).join(', ') || 'none'}`,
    };
  },
});

/** Whether it is about what stands over the breaker, and not about its own state. */
function isOverride({ verb }: BreakerParams): boolean {
  return verb === 'hold' || verb === 'release';
}

/** Somebody has put another override there meanwhile, who will have had a reason. */
function isForeign(params: BreakerParams, { override }: BreakerView): boolean {
  if (!isOverride(params) || !override) return false;
  return params.verb === 'release' || override.mode !== params.state;
}

function orderOf({ verb, names, state, forMs }: BreakerParams): string {
  const time = forMs === null ? '' : ` for ${formatExactDuration(forMs)}`;
  return `${verb} circuit breaker ${shortList(names)}${verb === 'hold' ? ` ${state}` : ''}${time}`;
}

function operationOf({ verb, state, forMs }: BreakerParams): Operation {
  if (verb === 'hold') return { verb, mode: state, forMs: forMs ?? undefined };
  return verb === 'trip' ? { verb, forMs: forMs ?? undefined } : { verb };
}

function isDone({ verb, state, forMs }: BreakerParams, view: BreakerView): boolean {
  const { override } = view;
  switch (verb) {
    case 'hold':
      return override?.mode === state && (override.untilMs === null) === (forMs === null);
    case 'release':
      return override === null;
    case 'trip':
      return view.state === 'open';
    case 'reset':
      return view.state === 'closed';
  }
}

async function operate(
  world: StepWorld,
  name: string,
  operation: Operation,
  reason: string | null,
): Promise<void> {
  const redis = await world.redis();
  const operator = { ...world.host.operator, reason: world.redact(reason ?? `cutover ${world.plan}`) };
  await world.guard();
  await aboutBreakers(redis, `${operation.verb} circuit breaker ${name}`, () =>
    operateBreaker(redis, name, operation, operator),
  );
}

function doneText({ verb, state, forMs }: BreakerParams, breakers: readonly BreakerBefore[]): string {
  const names = shortList(breakers.map(({ name }) => name));
  const time = forMs === null ? '' : ` for ${formatExactDuration(forMs)}`;
  const done = { trip: 'open', reset: 'closed', hold: `held ${state}`, release: 'released' }[verb];
  return `${names}: ${done}${verb === 'hold' || verb === 'trip' ? time : ''}`;
}

function findings(names: readonly string[], views: readonly BreakerView[]): Finding[] {
  if (views.length === 0) {
    const text = `no circuit breaker matches ${shortList(names)}`;
    return [{ level: 'blocker', code: 'BREAKER_MISSING', text, remedy: "'qctl breaker list' shows them" }];
  }
  const unknown = views.filter(({ known }) => !known).map(({ name }) => name);
  if (unknown.length === 0) return [];
  const text = `no process has used circuit breaker ${shortList(unknown)} yet`;
  return [{ level: 'warning', code: 'BREAKER_UNKNOWN', text, remedy: 'check the spelling of its name' }];
}
