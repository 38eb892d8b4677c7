import * as z from 'zod';
import type { CompareProgress, CompareRequest, Comparison, SideInput } from '../../compare/index.ts';
import { isQctlError } from '../../errors.ts';
import { formatExactDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { duration, text } from './common.ts';
import { describeSide, hasEnd, inputOf, sideSchema } from './compare-side.ts';

const texts = z.union([text.transform((one) => [one]), z.array(text).min(1)]);

const percent = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, 'expected a percentage such as 20%')
  .transform((written) => Number(written.slice(0, -1)) / 100);

const fields = z.strictObject({
  old: sideSchema,
  new: sideSchema,
  /** The old side once more: what differs between the two is noise. */
  old2: sideSchema.optional(),
  key: texts,
  time: text.optional(),
  started: text.optional(),
  error: text.optional(),
  ignore: texts.optional(),
  known: texts.optional(),
  tolerance: texts.optional(),
  unordered: texts.optional(),
  looseTypes: z.boolean().optional(),
  lateAfter: duration.optional(),
  noise: z.strictObject({ relative: percent.default(0.2), absolute: percent.default(0.0003) }).optional(),
  /** What must not hold, and what must; without either nothing may differ. */
  failOn: texts.optional(),
  require: texts.optional(),
  /** Streams are followed so long before they are judged. */
  for: duration.optional(),
  minMatched: z.number().int().nonnegative().default(1),
});

const schema = fields.refine(
  (params) => params.for === undefined || ![params.old, params.new, params.old2].some(hasEnd),
  'expected either for or to: streams are followed to the end of that time',
);

type Params = z.output<typeof schema>;

/** Where a plan says nothing else: both sides made the same, once each. */
const STRICT = ['mismatched > 0', 'missing > 0', 'extra > 0', 'errors > 0', 'duplicate.new > duplicate.old'];
/** Of reading and comparing, beside the time for which it follows. */
const LONGEST_MS = 1_800_000;
const SAY_EVERY_MS = 1000;

/** `compare`: holds the results of the old and the new side against each other. Changes nothing. */
export const compareStep = stepKind<Params, null>({
  name: 'compare',
  schema,
  outline: (params) => ({
    does: `compare ${describeSide(params.old)} with ${describeSide(params.new)} by ${params.key.join(', ')}${params.for === undefined ? '' : ` for ${formatExactDuration(params.for)}`}`,
    undo: 'nothing',
    repeatable: true,
    earliestMs: params.for ?? 0,
    timeoutMs: LONGEST_MS + (params.for ?? 0),
    asks: null,
  }),
  preflight,
  check: async () => 'undone',
  capture: async () => null,
  apply,
  rehearse: async () => ({ text: 'not compared: a rehearsal has no results' }),
});

async function preflight(params: Params, world: StepWorld): Promise<Finding[]> {
  const { checkRequest } = await import('../../compare/index.ts');
  const nowhere: SideInput = { kind: 'file', path: '' };
  try {
    checkRequest({ ...rulesOf(params), old: nowhere, new: nowhere });
    return [];
  } catch (error) {
    if (!isQctlError(error)) throw error;
    const [remedy] = error.hint;
    return [
      {
        level: 'blocker',
        code: error.code,
        text: world.redact(`step ${world.step}: ${error.message}`),
        remedy,
      },
    ];
  }
}

async function apply(params: Params, world: StepWorld): Promise<StepResult> {
  const { compare, countsText, thresholdError } = await import('../../compare/index.ts');
  const request = await requestOf(params, world);
  const comparison = await compare(request, {
    signal: world.signal,
    now: () => world.host.now(),
    waiting: (who, reason) => world.waiting(reason === null ? null : `${who}: ${reason}`),
    progress: saying(params, world),
  }).finally(() => world.waiting(null));
  world.signal.throwIfAborted();
  const error = thresholdError(comparison);
  if (error) throw error;
  return { text: `compared: ${countsText(comparison)}`, positions: positionsOf(comparison) };
}

/** Says now and then how much was read: whoever looks at the run wants to know that it is not stuck. */
function saying(params: Params, world: StepWorld): (progress: CompareProgress) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  const until = params.for === undefined ? '' : ` until ${endOf(params.for, world)}`;
  return ({ phase, old, new: fresh }) => {
    if (performance.now() - saidAt < SAY_EVERY_MS) return;
    saidAt = performance.now();
    const read = `${old} old and ${fresh} new records read`;
    world.waiting(
      phase === 'reading' ? `results are read${until}: ${read}` : `results are compared: ${read}`,
    );
  };
}

function endOf(forMs: number, { host }: StepWorld): string {
  return new Date(host.now().getTime() + forMs).toISOString().replace(/\.\d+/, '');
}

/** What of the counts belongs into a journal. */
function positionsOf({ counts, old, new: fresh }: Comparison): Record<string, number> {
  const { compared, matched, ignored, mismatched, missing, extra } = counts;
  return { compared, matched, ignored, mismatched, missing, extra, old: old.records, new: fresh.records };
}

type Rules = Omit<CompareRequest, 'old' | 'new'>;

function rulesOf(params: Params): Rules {
  const { old: _old, new: _new, old2: _old2, for: forMs, lateAfter, failOn, require, ...rules } = params;
  const strict = failOn === undefined && require === undefined;
  return { ...rules, failOn: strict ? STRICT : failOn, require, forMs, lateAfterMs: lateAfter };
}

async function requestOf(params: Params, world: StepWorld): Promise<CompareRequest> {
  const old = await inputOf(params.old, world);
  const fresh = await inputOf(params.new, world);
  const old2 = params.old2 && (await inputOf(params.old2, world));
  const streams = [old, fresh, old2].some((side) => side?.kind === 'redis');
  const redis = streams ? await world.redis() : undefined;
  return { ...rulesOf(params), old, new: fresh, old2, redis };
}
