import { type BreakerEvent, type Override, type Threshold, thresholdsOf } from '../../src/breaker/index.ts';
import { BREAKER_SETTINGS, formatSetting, MINIMUM_CALLS } from '../../src/model/breaker-settings.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields, formatTable } from '../term/table.ts';
import type { ShownBreaker } from './chosen.ts';
import { eventLine } from './event-text.ts';
import { painted } from './format-list.ts';
import { type SettingInForce, settingsInForce } from './setting-origins.ts';
import { secondText } from './standing-text.ts';
import { causeText, nextText, silentForMs, stateText } from './wording.ts';

type Line = readonly [name: string, value: CellValue];

/** One breaker as a person reads it: how it stands, its counts and thresholds, its settings, its last events. */
export function formatBreaker(output: Output, one: ShownBreaker, events: readonly BreakerEvent[]): string {
  const fields = formatFields(output, [
    ['breaker', one.name],
    ...stateLines(one),
    ...overrideLines(one),
    ...countLines(one),
    ...thresholdsOf(one.settings, one.counts).map((threshold) => thresholdLine(one, threshold)),
    ...newsLines(one),
  ]);
  const parts = [withPaint(output, fields, one), formatSettings(output, one)];
  if (events.length > 0) parts.push(events.map((event) => eventLine(output, event)).join(''));
  return parts.join('\n');
}

/** The line that decides is the one that is seen first. */
function withPaint(output: Output, fields: string, one: ShownBreaker): string {
  if (!output.colour) return fields;
  return fields.replace(stateText(one), (text) => painted(output, text, one));
}

function stateLines(one: ShownBreaker): Line[] {
  const { state, override, sinceMs, nowMs, cause, known, openings } = one;
  const lines: Line[] = [['state', override ? stateText(one) : `${state}${ageText(sinceMs, nowMs)}`]];
  if (override) lines.push(['without override', `${state}${ageText(sinceMs, nowMs)}`]);
  lines.push(['why', known ? cause && causeText(one) : 'never used']);
  if (override || state === 'closed') return lines;
  lines.push(['next', nextLine(one)]);
  if (state === 'half-open') lines.push(['probes', probesText(one)]);
  lines.push([
    'openings',
    `${openings} in a row, open time ${formatDuration(one.openMs ?? one.settings.openMs)}`,
  ]);
  return lines;
}

function nextLine(one: ShownBreaker): string | null {
  const { state, halfOpenAtMs, nowMs } = one;
  if (state !== 'open' || halfOpenAtMs === null) return nextText(one);
  const at = secondText(halfOpenAtMs);
  return halfOpenAtMs <= nowMs ? `the next call is a probe, due since ${at}` : `${nextText(one)}, at ${at}`;
}

function probesText({ probesUnderWay, successes, settings }: ShownBreaker): string {
  const { halfOpenProbes, successThreshold } = settings;
  return `${probesUnderWay} of at most ${halfOpenProbes} under way, ${successes} of ${successThreshold} successes`;
}

function ageText(ms: number | null, nowMs: number): string {
  return ms === null ? '' : ` for ${formatDuration(Math.max(0, nowMs - ms))}, since ${secondText(ms)}`;
}

function overrideLines({ override, lapsedOverride, forgotten, nowMs }: ShownBreaker): Line[] {
  if (lapsedOverride)
    return [['override', `over, and nobody has taken it away: ${overrideText(lapsedOverride, nowMs)}`]];
  if (!override) return [];
  const lines: Line[] = [['override', overrideText(override, nowMs)]];
  if (forgotten) lines.push(['', 'it stands there for a day or longer: is it forgotten?']);
  return lines;
}

function overrideText({ mode, by, host, reason, sinceMs, untilMs }: Override, nowMs: number): string {
  const until =
    untilMs === null
      ? 'until released'
      : `until ${secondText(untilMs)}${untilMs > nowMs ? ` (${formatDuration(untilMs - nowMs)} left)` : ''}`;
  return `held ${mode} by ${by}@${host} since ${secondText(sinceMs)}, ${until}: ${reason}`;
}

function countLines({ known, counts, settings }: ShownBreaker): Line[] {
  if (!known) return [];
  const { ok, failed, slow, rejected } = counts;
  const calls = ok + failed;
  const share = (part: number) => (calls === 0 ? '' : ` (${percent((part / calls) * 100)})`);
  const parts = [`${grouped(calls)} in ${formatDuration(settings.windowMs)}`];
  parts.push(`${grouped(failed)} failed${share(failed)}`);
  if (settings.slowCallMs > 0) parts.push(`${grouped(slow)} slow${share(slow)}`);
  parts.push(`${grouped(rejected)} rejected`);
  return [['calls', parts.join(', ')]];
}

function percent(value: number): string {
  return `${Math.round(value * 10) / 10}%`;
}

const NAMES: Record<Threshold['kind'], string> = {
  failures: 'failures',
  'failure-rate': 'failure rate',
  'slow-calls': 'slow calls',
};

function thresholdLine({ counts, settings }: ShownBreaker, threshold: Threshold): Line {
  const { kind, value, limit, minimumCalls, reached } = threshold;
  const write = kind === 'failures' ? grouped : percent;
  const parts = [`${value === null ? '-' : write(value)} of ${write(limit)}`];
  const calls = counts.ok + counts.failed;
  if (calls < minimumCalls)
    parts.push(`judged from ${grouped(minimumCalls)} calls on, ${grouped(calls)} so far`);
  if (reached) parts.push('reached');
  if (settings.instances > 1) parts.push(`${settings.instances} processes must see it`);
  return [NAMES[kind], parts.join(', ')];
}

function newsLines(one: ShownBreaker): Line[] {
  const { lastError, lastErrorAtMs, seenMs, nowMs, known } = one;
  const ago = (ms: number) => `${formatDuration(Math.max(0, nowMs - ms))} ago`;
  const lines: Line[] = [];
  if (lastError !== null)
    lines.push(['last error', lastErrorAtMs === null ? lastError : `${lastError}, ${ago(lastErrorAtMs)}`]);
  if (known) lines.push(['last seen', seenMs === null ? null : ago(seenMs)]);
  if (silentForMs(one) !== null) lines.push(['', 'its processes keep silent: what is shown may be old news']);
  return lines;
}

function formatSettings(output: Output, one: ShownBreaker): string {
  const dim = colourOf(output).dim;
  return formatTable(
    output,
    [
      { head: 'SETTING', value: ({ key }) => BREAKER_SETTINGS[key].name, whole: true },
      { head: 'VALUE', value: valueText, align: 'right' },
      {
        head: 'FROM',
        value: (setting) => originText(one, setting),
        wrap: true,
        style: (text, { from }) => (from === 'default' ? dim(text) : text),
      },
    ],
    settingsInForce(one),
  );
}

function valueText({ key, value }: SettingInForce): string {
  return value === null ? '-' : formatSetting(key, value);
}

function originText(
  { setBy, setHost, setAtMs, setReason }: ShownBreaker,
  { from, value }: SettingInForce,
): string {
  // Of the least number of calls there is none for all thresholds.
  if (value === null) return `default: ${MINIMUM_CALLS} for the rates, none for the count`;
  if (from === 'configured') return 'configured, not declared yet';
  if (from !== 'set') return from;
  const who = setBy === null ? '' : ` by ${setBy}${setHost === null ? '' : `@${setHost}`}`;
  const at = setAtMs === null ? '' : ` at ${secondText(setAtMs)}`;
  return `set${who}${at}${setReason === null ? '' : `: ${setReason}`}`;
}
