import { isStreamPart, type MaintainReport, PARTS, type Part, summaryOf } from '../../src/maintain/index.ts';
import { type Family, formatFamilies, gauge } from '../term/prometheus.ts';

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

/** The last run as metrics for the textfile collector of node_exporter. Of a part that is off nothing is told. */
export function formatMaintainMetrics(report: MaintainReport, succeeded: boolean): string {
  const { parts, startedAt, elapsedMs } = report;
  const { failures, warnings, left } = summaryOf(report);
  const one = (name: string, help: string, value: number): Family =>
    gauge(`qctl_maintain_${name}`, help, [{ labels: {}, value }]);
  return formatFamilies([
    one('last_run_timestamp_seconds', 'When the last run began.', startedAt.getTime() / 1000),
    one('last_run_success', '1 where nothing went wrong in the last run.', succeeded ? 1 : 0),
    one('last_run_duration_seconds', 'How long the last run took.', elapsedMs / 1000),
    doneOf(report),
    one('left_streams', 'Streams that were not finished when the time of the last run was over.', left),
    one('failures', 'Things that went wrong in the last run.', failures),
    one('warnings', 'Things that somebody should look at.', warnings),
    ...(parts.has('breakers') ? [forgottenOf(report)] : []),
    ...(parts.has('leftovers') ? [leftoversOf(report)] : []),
  ]);
}

function doneOf(report: MaintainReport): Family {
  const summary = summaryOf(report);
  const did = (part: Part): part is keyof typeof DONE => part === 'scheduled' || isStreamPart(part);
  const samples = PARTS.filter((part) => report.parts.has(part))
    .filter(did)
    .map((part) => ({ labels: { part }, value: summary[DONE[part]] }));
  const help = 'What the last run did: messages, entries, consumers of reap.';
  return gauge('qctl_maintain_done', help, samples);
}

function forgottenOf({ breakers }: MaintainReport): Family {
  const value = breakers.filter(({ outcome }) => outcome === 'forgotten').length;
  const help = 'Overrides of circuit breakers that stand for a day or longer.';
  return gauge('qctl_maintain_forgotten_overrides', help, [{ labels: {}, value }]);
}

function leftoversOf({ leftovers }: MaintainReport): Family {
  const samples = KINDS.map((kind) => {
    const value = leftovers.filter((one) => one.kind === kind).length;
    return { labels: { kind }, value };
  });
  return gauge('qctl_maintain_leftovers', 'Things that were begun and that nobody is at work on.', samples);
}
