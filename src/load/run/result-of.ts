import type { LoadResult, LoadVerdict } from '../result.ts';
import { failureText, judgeThresholds, thresholdsOf } from '../thresholds.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { LoadRun } from './load-run.ts';
import { measuredOf } from './measured-of.ts';

/** What a result is made of besides the run. */
export interface ResultParts {
  startedAt: Date;
  endedAt: Date;
  version: string;
  /** Why it was stopped before its time; empty: it was not. */
  stops: readonly string[];
  /** Thresholds that have ended it. */
  aborted: readonly string[];
}

/** What a run has measured. */
export function resultOf(run: LoadRun, parts: ResultParts): LoadResult {
  const { profile, run: name } = run.parts;
  const closedLoop = run.parts.arrivals === null;
  const measured = measuredOf(run);
  const generator = run.watch.report(closedLoop);
  const thresholds = judgeThresholds(thresholdsOf(profile, run.consumed), measured);
  const failures = [...parts.aborted, ...thresholds.filter(({ holds }) => holds !== true).map(failureText)];
  const verdict = verdictOf(generator.limited, failures, parts);
  return {
    type: 'load',
    version: 1,
    run: name,
    name: profile.name,
    startedAt: parts.startedAt.toISOString(),
    endedAt: parts.endedAt.toISOString(),
    verdict,
    reasons: reasonsOf(verdict, generator.reasons, failures, parts, run),
    warmupMs: profile.warmupMs,
    sendingMs: run.sendingMs,
    elapsedMs: run.elapsedMs,
    ...measured,
    generator,
    faults: run.faults.reports,
    thresholds,
    seconds: run.timeline.seconds,
    environment: fingerprintOf(profile, parts.version),
  };
}

function verdictOf(
  limited: boolean,
  failures: readonly string[],
  { stops, aborted }: ResultParts,
): LoadVerdict {
  if (stops.length > 0 && aborted.length === 0) return 'stopped';
  if (limited) return 'invalid';
  return failures.length > 0 ? 'failed' : 'passed';
}

function reasonsOf(
  verdict: LoadVerdict,
  limits: readonly string[],
  failures: readonly string[],
  { stops }: ResultParts,
  { errors }: LoadRun,
): string[] {
  const shown = [...errors].slice(0, 3).map((error) => `error: ${error}`);
  if (verdict === 'passed') return shown;
  return [...stops, ...limits, ...failures, ...shown];
}
