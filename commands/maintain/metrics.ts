import { isStreamPart, type MaintainReport, PARTS, type Part, summaryOf } from '../../src/maintain/index.ts';
import { type Family, formatFamilies } from '../../src/model/exposition.ts';
import type { MetricDefinition } from '../../src/model/series/definition.ts';
import { MAINTAIN_SERIES } from '../../src/model/series/maintain.ts';

/** The summary's number of each part that does something. */
const DONE = {
  scheduled: 'moved',
  deadLetter: 'deadLettered',
  claim: 'claimed',
  reap: 'reaped',
  trim: 'trimmed',
  expire: 'expired',
} as const;

const KINDS = ['drain', 'cutover', 'lock', 'load-test'] as const;

/**
 * The last run as metrics for the textfile collector of node_exporter. Of a part that is off, or was not reached, nothing is told.
 */
export function formatMaintainMetrics(report: MaintainReport, succeeded: boolean): string {
  const { reached, startedAt, elapsedMs } = report;
  const { failures, warnings, left } = summaryOf(report);
  return formatFamilies([
    one(MAINTAIN_SERIES.at, startedAt.getTime() / 1000),
    one(MAINTAIN_SERIES.success, succeeded ? 1 : 0),
    one(MAINTAIN_SERIES.took, elapsedMs / 1000),
    doneOf(report),
    ...(reached.size > 0 ? [one(MAINTAIN_SERIES.left, left)] : []),
    one(MAINTAIN_SERIES.failures, failures),
    one(MAINTAIN_SERIES.warnings, warnings),
    ...(reached.has('breakers') ? [forgottenOf(report)] : []),
    ...(reached.has('leftovers') ? [leftoversOf(report)] : []),
  ]);
}

function one(definition: MetricDefinition, value: number): Family {
  return { definition, samples: [{ labels: {}, value }] };
}

function doneOf(report: MaintainReport): Family {
  const summary = summaryOf(report);
  const did = (part: Part): part is keyof typeof DONE => part === 'scheduled' || isStreamPart(part);
  const samples = PARTS.filter((part) => report.reached.has(part))
    .filter(did)
    .map((part) => ({ labels: { part }, value: summary[DONE[part]] }));
  return { definition: MAINTAIN_SERIES.done, samples };
}

function forgottenOf({ breakers }: MaintainReport): Family {
  const value = breakers.filter(({ outcome }) => outcome === 'forgotten').length;
  return one(MAINTAIN_SERIES.forgotten, value);
}

function leftoversOf({ leftovers }: MaintainReport): Family {
  const samples = KINDS.map((kind) => {
    const value = leftovers.filter((one) => one.kind === kind).length;
    return { labels: { kind }, value };
  });
  return { definition: MAINTAIN_SERIES.leftovers, samples };
}
