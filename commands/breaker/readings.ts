import type { OverrideMode } from '../../src/breaker/index.ts';
import { type Finding, type Item, known, type Reading, type Status } from '../../src/checks/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Metric } from '../check/metrics.ts';
import type { ShownBreaker } from './chosen.ts';
import { releaseCommand } from './warn-forgotten.ts';
import { type Concern, clauseOf, concernOf, silentForMs } from './wording.ts';

const STATES = { closed: 0, 'half-open': 1, open: 2 };
const MODES: Record<OverrideMode, number> = { observe: 1, disabled: 2, closed: 3, open: 4 };

/** One breaker as a check judges it. */
export function breakerItem(one: ShownBreaker): Item<Metric> {
  return {
    name: one.name,
    labels: { breaker: one.name },
    readings: readingsOf(one),
    findings: findingsOf(one),
  };
}

/** The numbers of a breaker; what it does not have is left out. */
function readingsOf(one: ShownBreaker): Reading<Metric>[] {
  const { state, override, counts, nowMs, seenMs } = one;
  const readings: Reading<Metric>[] = [
    known('breakerState', STATES[state]),
    known('breakerRejects', concernOf(one) === 'open' ? 1 : 0),
    known('breakerOverride', override ? MODES[override.mode] : 0),
  ];
  if (override) readings.push(known('breakerOverrideAge', Math.max(0, nowMs - override.sinceMs)));
  if (override?.untilMs != null) readings.push(known('breakerOverrideEnds', override.untilMs - nowMs));
  if (one.known)
    readings.push(
      known('breakerFailed', counts.failed),
      known('breakerCalls', counts.ok + counts.failed),
      known('breakerRejected', counts.rejected),
    );
  if (seenMs !== null) readings.push(known('breakerSilent', Math.max(0, nowMs - seenMs)));
  return readings;
}

const STATUS: Record<Concern, Status> = {
  open: 'critical',
  'half-open': 'warning',
  held: 'warning',
  closed: 'ok',
};

function findingsOf(one: ShownBreaker): Finding[] {
  const concern = concernOf(one);
  const code = one.override ? 'OVERRIDE' : `BREAKER_${concern.toUpperCase().replace('-', '_')}`;
  const findings: Finding[] = [{ code, status: STATUS[concern], text: clauseOf(one) }];
  if (one.forgotten) {
    const text = `this override may be forgotten: ${releaseCommand(one.name)}`;
    findings.push({ code: 'OVERRIDE_FORGOTTEN', status: 'warning', text });
  }
  if (one.lapsed)
    findings.push({
      code: 'OVERRIDE_LAPSED',
      status: 'ok',
      text: 'an override whose time is over was not taken away',
    });
  const silentMs = silentForMs(one);
  if (silentMs !== null) {
    const text = `no process was heard of for ${formatDuration(silentMs)}`;
    findings.push({ code: 'SILENT', status: 'ok', text });
  }
  return findings;
}
