import * as z from 'zod';
import { QctlError } from '../../errors.ts';
import { type LoadResult, readProfile, runLoad } from '../../load/index.ts';
import type { Finding } from '../../model/finding.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { text } from './common.ts';

const schema = z.strictObject({
  /** Path of a load profile. */
  profile: text,
});

type LoadParams = z.output<typeof schema>;

const TIMEOUT_MS = 900_000;

/** `load`: a load profile that must pass, on a stream of its own that is gone afterwards. */
export const load = stepKind<LoadParams, null>({
  name: 'load',
  schema,
  outline: ({ profile }) => ({
    does: `load test ${profile}`,
    undo: 'nothing',
    repeatable: true,
    earliestMs: 0,
    timeoutMs: TIMEOUT_MS,
    asks: null,
  }),
  preflight: async ({ profile }, world) => unreadable(world.readFrom(profile)),
  check: async () => 'undone',
  capture: async () => null,
  apply: run,
  rehearse: async ({ profile }, world) => {
    const { rate, duration } = await readProfile(world.readFrom(profile));
    return { text: `would send ${rate} messages a second for ${duration / 1000} s` };
  },
});

async function unreadable(path: string): Promise<Finding[]> {
  return readProfile(path).then(
    () => [],
    (error: QctlError) => [
      { level: 'blocker' as const, code: error.code, text: error.message, remedy: error.hint?.[0] },
    ],
  );
}

async function run({ profile }: LoadParams, world: StepWorld): Promise<StepResult> {
  const redis = await world.redis();
  await world.guard();
  world.waiting(`load test ${profile} is running`);
  const result = await runLoad(await readProfile(world.readFrom(profile)), redis, world.signal);
  world.waiting(null);
  world.signal.throwIfAborted();
  const failed = result.thresholds.filter(({ holds }) => holds !== true);
  if (failed.length === 0 && !result.generatorLimited) return { text: toText(result) };
  const why = result.generatorLimited
    ? `this host could not keep the schedule (${Math.round(result.lateMs)} ms late): nothing is proven`
    : failed.map(({ text: threshold }) => `not ${threshold}`).join(', ');
  throw new QctlError('threshold', `load test ${profile}: ${why}; ${toText(result)}`, {
    code: 'LOAD_FAILED',
  });
}

function toText({ ratePerSecond, latencyMs, lost, doubled, sent }: LoadResult): string {
  const times = latencyMs
    ? `p99 ${latencyMs.p99.toFixed(1)} ms, max ${latencyMs.max.toFixed(1)} ms`
    : 'no latency';
  return `${sent} messages at ${Math.round(ratePerSecond)}/s, ${times}, ${lost} lost, ${doubled} doubled`;
}
