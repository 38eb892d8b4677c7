import { type Command, InvalidArgumentError } from 'commander';
import type { CutoverHost, CutoverOptions, CutoverPlan } from '../../src/cutover/index.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';

/** The flag that gives variables of a plan. */
export interface SetFlags {
  set?: Record<string, string>;
}

/** Adds `--set NAME=VALUE`. */
export function addSetOption<C extends Command>(command: C): C {
  return command.option('--set <name=value>', 'value of a variable of the plan (repeatable)', parseSet);
}

function parseSet(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected NAME=VALUE');
  const name = text.slice(0, at);
  if (Object.hasOwn(previous, name)) throw new InvalidArgumentError(`${name} is given twice`);
  return { ...previous, [name]: text.slice(at + 1) };
}

/** Adds the connection flags of all that a plan may touch. */
export function addPlanConnections<C extends Command>(command: C): C {
  return addConnectionOptions(command, ['redis', 'postgres', 'sqs']);
}

/** Flag and description of `--accept-other-redis`. */
export const OTHER_REDIS = [
  '--accept-other-redis',
  'this Redis does not know the run and is not the one where it was begun: go on, since that one was moved here',
] as const;

/** Flag and description of `--reason`. */
export const REASON = ['--reason <text>', 'why, for those who look at the run later'] as const;

/** Reads the plan of a file, with the variables of the environment and of `--set`; its profile counts from then on. */
export async function planOf(context: Context, file: string, { set }: SetFlags): Promise<CutoverPlan> {
  const { readPlan } = await import('../../src/cutover/index.ts');
  const plan = await readPlan(file, { env: context.env, variables: set });
  if (plan.profile !== null) context.useProfile(plan.profile);
  return plan;
}

/** The plan of a run, as its journal has kept it. */
export async function planKept(
  host: CutoverHost,
  run: string,
  options: CutoverOptions,
): Promise<CutoverPlan> {
  const { keptPlan } = await import('../../src/cutover/index.ts');
  return keptPlan(host, run, options);
}
