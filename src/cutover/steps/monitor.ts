import * as z from 'zod';
import { formatExactDuration } from '../../model/duration.ts';
import { type StepWorld, stepKind } from '../step.ts';
import { duration, text } from './common.ts';

/** What a plan says: `monitor: { for: 10m, checks: [lag, errors] }`. */
interface MonitorParams {
  for: number;
  checks: 'all' | string[];
}

/** After its time the measurements under way are still waited for. */
const MARGIN_MS = 120_000;

/** `monitor`: watches checks of the plan for a time and goes on where they pass. */
export const monitor = stepKind<MonitorParams, null>({
  name: 'monitor',
  schema: z.strictObject({
    for: duration.refine((ms) => ms > 0, 'expected more than 0s'),
    checks: z
      .union([z.literal('all'), z.array(text).min(1)], 'expected all or a list of checks')
      .default('all'),
  }),
  outline: (params) => ({
    does: `watch ${named(params)} for ${formatExactDuration(params.for)}`,
    undo: 'nothing',
    repeatable: true,
    earliestMs: params.for,
    timeoutMs: params.for + MARGIN_MS,
    asks: null,
  }),
  check: async () => 'undone',
  capture: async () => null,
  async apply(params, world) {
    await watch(params, world);
    return { text: `${named(params)} passed for ${formatExactDuration(params.for)}` };
  },
  // There checks are only told of, and none need have passed.
  async rehearse(params, world) {
    await watch(params, world);
    return { text: `${named(params)} measured for ${formatExactDuration(params.for)}` };
  },
});

async function watch(params: MonitorParams, world: StepWorld): Promise<void> {
  const until = new Date(world.host.now().getTime() + params.for);
  world.waiting(`${named(params)} watched until ${until.toISOString().slice(11, 19)} UTC`);
  try {
    await world.watch(params.checks, params.for);
  } finally {
    world.waiting(null);
  }
}

function named({ checks }: MonitorParams): string {
  if (checks === 'all') return 'all checks';
  return `${checks.length === 1 ? 'check' : 'checks'} ${checks.join(', ')}`;
}
