import { grouped } from '../model/grouped.ts';
import { plural } from '../model/plural.ts';
import { type Differing, differs } from './compare.ts';
import type { ReportParts } from './report.ts';
import type { Totals } from './totals.ts';
import type { Verification } from './verify.ts';

/**
 * Why a run has not converged, each as a sentence; empty where it has.
 *
 * @param remaining in the source and still to be drained; null where unknown
 */
export function findProblems(parts: ReportParts, remaining: number | null, differing: Differing): string[] {
  return [
    ...openProblems(parts),
    ...sourceProblems(parts, remaining),
    ...differingProblems(parts, differing),
    ...waitingProblems(parts.totals, parts.verification),
    ...settledProblems(parts),
    ...aroundProblems(parts),
  ];
}

function openProblems({ totals: { open } }: ReportParts): string[] {
  if (open === 0) return [];
  return [
    `${grouped(open)} ${plural(open, 'message stands')} in the stream and the source has not confirmed that it let go of ${plural(open, 'it')}`,
  ];
}

function sourceProblems(parts: ReportParts, remaining: number | null): string[] {
  const { totals, depth, manifest } = parts;
  const problems: string[] = [];
  const asked = parts.ending === 'limit' || parts.ending === 'until';
  if (!asked && remaining)
    problems.push(`${grouped(remaining)} ${plural(remaining, 'message')} still in the source`);
  if (!asked && remaining === null && parts.state !== 'done')
    problems.push('how much the source still holds is not known');
  if (!asked && depth.inFlight)
    problems.push(
      `${grouped(depth.inFlight)} ${plural(depth.inFlight, 'message')} in flight with a consumer`,
    );
  if (!asked && depth.delayed)
    problems.push(`${grouped(depth.delayed)} ${plural(depth.delayed, 'message is')} delayed`);
  if (depth.held)
    problems.push(
      `${grouped(depth.held)} ${manifest.source.kind === 'celery' ? 'messages' : 'rows'} of the source are still claimed by this run`,
    );
  if (totals.quarantined > 0)
    problems.push(
      `${grouped(totals.quarantined)} ${plural(totals.quarantined, 'message was')} set aside in quarantine`,
    );
  return problems;
}

function differingProblems({ verification }: ReportParts, differing: Differing): string[] {
  const problems: string[] = [];
  if (differing.missingCount > 0)
    problems.push(
      `${grouped(differing.missingCount)} ${plural(differing.missingCount, 'message')} of the source ${plural(differing.missingCount, 'is')} missing in the stream`,
    );
  if (differing.doubledCount > 0)
    problems.push(
      `${grouped(differing.doubledCount)} ${plural(differing.doubledCount, 'message stands')} in the stream more than once`,
    );
  if (differing.unexpectedCount > 0)
    problems.push(
      `${grouped(differing.unexpectedCount)} ${plural(differing.unexpectedCount, 'message')} of the stream ${plural(differing.unexpectedCount, 'is')} not in the source (any more)`,
    );
  if (differing.alteredCount > 0)
    problems.push(
      `${grouped(differing.alteredCount)} ${plural(differing.alteredCount, 'message has')} another body in the stream than in the source`,
    );
  if (verification?.digest?.equal === false && !differs(differing))
    problems.push('ids agree on both sides and bodies do not');
  return problems;
}

function settledProblems({ manifest, totals, state }: ReportParts): string[] {
  const carried = totals.appended + totals.scheduled + totals.quarantined;
  // A run that goes on with another's ledger settles what that one had appended, too.
  const alike = manifest.ledgerRun === manifest.run ? totals.settled === carried : totals.settled >= carried;
  if (manifest.mode === 'move' && totals.open === 0 && !alike && state !== 'abandoned') {
    const how = totals.scheduled > 0 ? 'appended, put aside or quarantined' : 'appended or quarantined';
    return [
      `${grouped(carried)} ${plural(carried, 'message was')} ${how} and ${grouped(totals.settled)} settled`,
    ];
  }
  return [];
}

function aroundProblems(parts: ReportParts): string[] {
  const problems: string[] = [];
  for (const change of parts.sourceChanges) if (change.level === 'problem') problems.push(change.text);
  if (parts.left?.full)
    problems.push('so many messages were passed over that SQS lets no more be kept invisible');
  if (parts.alive > 0 && parts.ending !== null)
    problems.push(`${grouped(parts.alive)} other processes are still at work on this run`);
  return problems;
}

function waitingProblems({ contentLost }: Totals, verification: Verification | null): string[] {
  const problems: string[] = [];
  if (contentLost > 0)
    problems.push(`${grouped(contentLost)} scheduled messages were no longer in Redis when they were due`);
  if (verification?.waitingGone)
    problems.push(`${grouped(verification.waitingGone)} scheduled messages do not wait in Redis any more`);
  return problems;
}
