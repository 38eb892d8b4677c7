import * as z from 'zod';
import { QctlError } from '../../errors.ts';
import { type LoadDoors, type LoadResult, readProfile, runLoad } from '../../load/index.ts';
import { formatExactDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { text } from './common.ts';

const schema = z.strictObject({
  /** Path of a load profile. */
  profile: text,
});

type LoadParams = z.output<typeof schema>;

const TIMEOUT_MS = 900_000;

/** `load`: a load profile that must pass; what it makes is gone afterwards. */
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
    const { target, durationMs, count } = await readProfile(world.readFrom(profile));
    const long = durationMs === null ? `${count} messages` : `for ${formatExactDuration(durationMs)}`;
    return { text: `would send to ${target.kind}, ${long}` };
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
  const read = await readProfile(world.readFrom(profile));
  await world.guard();
  world.waiting(`load test ${profile} is running`);
  const result = await runLoad(read, doorsOf(world), { signal: world.signal, version: '' });
  world.waiting(null);
  world.signal.throwIfAborted();
  if (result.verdict === 'passed') return { text: toText(result) };
  const [why = result.verdict] = result.reasons;
  throw new QctlError(
    'threshold',
    `load test ${profile}: ${WORDS[result.verdict]}${why}; ${toText(result)}`,
    {
      code: 'LOAD_FAILED',
      hint: [`to see it by itself: qctl load run ${profile}`],
    },
  );
}

/** Nothing is proven by a test that was in its own way. */
const WORDS = { passed: '', failed: '', invalid: 'nothing is proven: ', stopped: 'it was stopped: ' };

function doorsOf({ host, redis }: StepWorld): LoadDoors {
  return {
    redis,
    postgres: (source) => host.postgres(source),
    broker: (source) => host.broker(source),
    sqs: (source) => host.sqs(source),
    config: async () => ({ sources: (await host.sources?.()) ?? {}, streams: await host.streams() }),
    env: host.env,
  };
}

function toText({ rates, latency, counts }: LoadResult): string {
  const times = latency.endToEnd ?? latency.enqueue;
  const said = times ? `p99 ${times.p99.toFixed(1)} ms, max ${times.max.toFixed(1)} ms` : 'no latency';
  const rate = rates.reached === null ? '' : ` at ${Math.round(rates.reached)}/s`;
  return `${counts.sent} messages${rate}, ${said}, ${counts.lost ?? 'not known how many'} lost, ${counts.doubled} doubled`;
}
