import * as z from 'zod';
import { formatExactDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import {
  changeRoute,
  editRules,
  isRouteName,
  parsePercent,
  type Route,
  type RouteLook,
  readRules,
  rulesOf,
  sameRules,
  whoText,
} from '../../routing/index.ts';
import { type Json, type StepResult, type StepWorld, stepKind } from '../step.ts';
import { duration, text } from './common.ts';
import { routeStoreOf } from './route-store.ts';

const percent = z.union([z.number(), z.string()]).transform((written, context) => {
  const parsed = parsePercent(written);
  if (parsed !== undefined) return parsed;
  const message = 'expected a percentage from 0 to 100 with two decimals at most';
  context.issues.push({ code: 'custom', message, input: written });
  return z.NEVER;
});

const share = z.union([z.enum(['old', 'new']), percent]);
const side = z.enum(['old', 'new']);
const name = text.refine(isRouteName, {
  message: 'expected a name without blanks, braces and control characters',
});
const percents = z
  .array(percent)
  .min(1)
  .refine((list) => new Set(list).size === list.length, { message: 'expected each percentage once' });

const schema = z.strictObject({
  name,
  percent: z.union([percent, percents]),
  /** How long each percentage is watched before the next step. Default: not at all. */
  hold: duration.default(0),
  /** Checks that are watched meanwhile; default: all that are watched at that time. */
  checks: z.union([z.literal('all'), z.array(text)]).default('all'),
  types: z.record(text, share).default({}),
  keys: z.record(text, side).default({}),
  /** A YAML file of feature flags in place of Redis. */
  file: text.optional(),
});

/** What a plan says of a `route` step. */
export type RouteStepParams = z.output<typeof schema>;

/** The route as it was; null: there was none. */
interface Memento {
  prior: Route | null;
}

const OPERATION_MS = 30_000;

const first = ({ percent }: RouteStepParams) => (Array.isArray(percent) ? percent[0]! : percent);
const editOf = (params: RouteStepParams) => ({
  percent: first(params),
  types: params.types,
  keys: params.keys,
});

/**
 * Sends a share of the traffic to the new side, and holds it there while checks are watched. A list of percentages is
 * a step each. Undone is the whole record, whoever has changed it since: the traffic has to go back.
 */
export const routeStep = stepKind<RouteStepParams, Memento & Json>({
  name: 'route',
  standsInRedis: true,
  schema,
  expand: (params) =>
    Array.isArray(params.percent)
      ? params.percent.map((one) => ({ suffix: String(one), params: { ...params, percent: one } }))
      : [{ suffix: null, params }],
  outline: (params) => ({
    does: doesText(params),
    undo: {
      does: `set route ${params.name} back to what it was before`,
      order: 'plain',
      timeoutMs: OPERATION_MS,
    },
    repeatable: true,
    earliestMs: params.hold,
    timeoutMs: params.hold + OPERATION_MS,
    asks: null,
    variables: { QCTL_PERCENT: String(first(params)) },
  }),
  preflight,
  async check(params, world) {
    const { route } = await look(params, world);
    if (!sameRules(route, editRules(route, editOf(params)))) return 'undone';
    // Set it may be, but nobody knows whether it was held for long enough: the hold begins anew.
    return params.hold > 0 ? 'unknown' : 'done';
  },
  async capture(params, world) {
    const { route } = await look(params, world);
    return { prior: route } as Memento & Json;
  },
  apply,
  undo,
});

function doesText(params: RouteStepParams): string {
  const { name, hold, types, keys } = params;
  const more = [...Object.entries(types), ...Object.entries(keys)].map(([what, to]) => `${what}=${to}`);
  const rules = more.length > 0 ? ` (${more.join(', ')})` : '';
  const held = hold > 0 ? `, hold for ${formatExactDuration(hold)}` : '';
  return `send ${first(params)}% of route ${name} to the new side${rules}${held}`;
}

async function look(params: RouteStepParams, world: StepWorld): Promise<RouteLook> {
  return (await routeStoreOf(params, world)).look(world.key(params.name));
}

async function preflight(params: RouteStepParams, world: StepWorld): Promise<Finding[]> {
  const { problems } = readRules({ ...editOf(params) });
  const findings: Finding[] = problems.map(({ path, problem, hint }) => ({
    level: 'blocker',
    code: 'ROUTE_INVALID',
    text: `route ${params.name}: ${path.join('.')}: ${problem}`,
    remedy: hint ?? 'mend it in the step of the plan',
  }));
  try {
    const { route } = await look(params, world);
    if (!route)
      findings.push({ level: 'note', code: 'ROUTE_NEW', text: `route ${params.name} is made by the plan` });
  } catch (error) {
    const { message, hint = [] } = error as Error & { hint?: string[] };
    findings.push({ level: 'blocker', code: 'ROUTE_UNREADABLE', text: message, remedy: hint[0] });
  }
  return findings;
}

async function apply(params: RouteStepParams, world: StepWorld): Promise<StepResult> {
  const store = await routeStoreOf(params, world);
  const edit = editOf(params);
  await world.guard();
  const change = await changeRoute(
    store,
    world.key(params.name),
    (prior) => editRules(prior, edit),
    orderOf(world),
  );
  await hold(params, world);
  const was = change.changed
    ? `, was ${change.prior ? `${change.prior.percent}%` : 'not there'}`
    : ', as before';
  const held = params.hold > 0 ? `, held for ${formatExactDuration(params.hold)}` : '';
  return {
    text: `route ${params.name} is at ${first(params)}%${was}${held}`,
    positions: { percent: first(params), version: change.next?.version ?? 0 },
  };
}

function orderOf({ host, run, plan, step }: StepWorld, verb = 'step') {
  const { by, host: machine } = host.operator;
  return { by: `${by}@${machine}`, reason: `cutover ${plan}, ${verb} ${step}, run ${run}` };
}

async function hold(params: RouteStepParams, world: StepWorld): Promise<void> {
  if (params.hold === 0) return;
  world.waiting(`route ${params.name} is held at ${first(params)}% for ${formatExactDuration(params.hold)}`);
  try {
    await world.watch(params.checks, params.hold);
  } finally {
    world.waiting(null);
  }
}

async function undo(params: RouteStepParams, world: StepWorld, { prior }: Memento): Promise<StepResult> {
  const store = await routeStoreOf(params, world);
  const own = editRules(prior, editOf(params));
  const wanted = prior && rulesOf(prior);
  await world.guard();
  const order = { ...orderOf(world, 'way back of'), overUnreadable: true };
  const change = await changeRoute(store, world.key(params.name), () => wanted, order);
  const found = change.prior;
  const left: string[] = [];
  // Compared by what it says: the undo of a later step counts the version up as well.
  if (change.unreadable) left.push(`${change.unreadable}; that was overwritten`);
  else if (change.changed && !sameRules(found, own)) left.push(overwrittenText(params.name, found));
  const now = prior ? `at ${prior.percent}%` : 'removed';
  const again = change.changed ? ' again' : ', as it stood there already';
  return {
    text: `route ${params.name} is ${now}${again}`,
    positions: { percent: prior?.percent ?? 0, version: change.next?.version ?? 0 },
    ...(left.length > 0 && { left }),
  };
}

function overwrittenText(name: string, found: Route | null): string {
  if (!found) return `route ${name} had been removed by somebody else since; it was put back`;
  const rules = JSON.stringify(rulesOf(found));
  return `route ${name} had been changed by somebody else since (version ${found.version}, ${whoText(found)}); that was overwritten: ${rules}`;
}
