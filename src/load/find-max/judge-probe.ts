import type { Expression } from '../../checks/index.ts';
import { measuresOf } from '../measures.ts';
import type { Probed, ProbePhase, ProbeReport } from './types.ts';

/** Less than this part of the rate is another load than the one that was asked about. */
const LEAST_REACHED = 0.99;

/** What was tried. */
export interface Attempt {
  phase: ProbePhase;
  rate: number;
  durationMs: number;
}

/**
 * Good is a run whose objective holds at the rate that was wanted, with nothing lost, and in which this process was not in
 * its own way. What is not known is not good.
 */
export function judgeProbe(attempt: Attempt, probed: Probed, slo: Expression): ProbeReport {
  const values = measuresOf(probed);
  const { counts, rates, generator } = probed;
  const limited = generator.limited ? generatorWhy(probed) : [];
  const why = [
    ...limited,
    ...sloWhy(slo, values),
    ...rateWhy(attempt.rate, probed),
    ...lossWhy(probed),
    ...brokenWhy(probed),
  ];
  return {
    run: probed.run,
    ...attempt,
    reached: rates.reached,
    p50: values.p50 ?? null,
    p99: values.p99 ?? null,
    lag: values.lag ?? null,
    lost: counts.lost,
    ok: why.length === 0,
    why,
    limitedBy: why.length === 0 ? null : generator.limited ? 'generator' : 'target',
  };
}

function generatorWhy({ generator }: Probed): string[] {
  return generator.reasons.length > 0 ? generator.reasons : ['this host was in its own way'];
}

function sloWhy(slo: Expression, values: Record<string, number | null>): string[] {
  const holds = slo.holds(values);
  if (holds === true) return [];
  const told = [...slo.names].map((name) => `${name} ${shown(values[name] ?? null)}`).join(', ');
  return [`${slo.text} ${holds === null ? 'cannot be told' : 'does not hold'}: ${told}`];
}

function shown(value: number | null): string {
  return value === null ? 'is not known' : String(Number(value.toPrecision(3)));
}

/**
 * The last messages are confirmed a little after the last one was sent: that the answer takes its time is no lack of
 * rate, and neither is one message more or less.
 */
function rateWhy(rate: number, { rates, latency, sendingMs, warmupMs }: Probed): string[] {
  const { reached } = rates;
  if (reached === null) return ['the rate that was reached is not known'];
  const measuredMs = Math.max(1, sendingMs - warmupMs);
  const answerMs = latency.enqueue?.p50 ?? 0;
  const steady = (reached * (measuredMs + answerMs) + 1000) / measuredMs;
  if (steady >= rate * LEAST_REACHED) return [];
  return [`only ${((100 * reached) / rate).toFixed(1)} % of the rate was reached`];
}

/** What was confirmed has to be processed in the end, unless nobody wants it. */
function lossWhy({ target, counts }: Probed): string[] {
  const { lost, unprocessed } = counts;
  if (lost !== null && lost > 0) return [`${lost} lost`];
  if (target.groups === 0) return [];
  if (unprocessed > 0) return [`${unprocessed} still in the queue at the end`];
  return lost === null ? ['it is not known whether anything was lost'] : [];
}

/** A run that ended early because memory ran short, or that is invalid for a reason of its own, shows nothing good. */
function brokenWhy({ verdict, reasons, generator }: Probed): string[] {
  const broken = verdict === 'stopped' || (verdict === 'invalid' && !generator.limited);
  if (!broken) return [];
  return reasons.length > 0 ? reasons : [`the run is ${verdict}`];
}
