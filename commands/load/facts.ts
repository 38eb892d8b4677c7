import type { FaultReport, LoadCounts, LoadResult, ThresholdReport } from '../../src/load/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';
import { bytesText, coresText, latencyText, measureText, rateText } from './words.ts';

/** One line of a list of facts. Null: not known. */
export type Fact = readonly [name: string, text: string | null];

/** What was under test, what was wanted of it, and what it has reached. */
export function runFacts(result: LoadResult): Fact[] {
  const { run, name, startedAt, endedAt, rates } = result;
  const { wanted, reached, processed, sent } = rates;
  const share = wanted && reached !== null ? ` (${percentText(reached / wanted)} of wanted)` : '';
  return [
    ['run', run],
    ...(name === null ? [] : [['name', name] as const]),
    ['target', targetText(result)],
    ['time', `${startedAt} to ${endedAt}`],
    ['length', lengthText(result)],
    ['wanted', wanted === null ? 'as fast as it goes' : rateText(wanted)],
    ['sent', rateText(sent)],
    ['confirmed', reached === null ? null : `${rateText(reached)}${share}`],
    ['processed', processed === null ? null : `${rateText(processed)}${groupsText(result)}`],
  ];
}

function targetText({ target }: LoadResult): string {
  const { kind, label, name, version, groups } = target;
  const consumed = groups === 0 ? ', nothing consumes' : `, ${groups} ${groups === 1 ? 'group' : 'groups'}`;
  return `${kind} ${name} at ${label}${version === null ? '' : `, ${version}`}${consumed}`;
}

function lengthText({ warmupMs, sendingMs, elapsedMs }: LoadResult): string {
  const warmup = warmupMs > 0 ? `, the first ${formatDuration(warmupMs)} as warm-up that does not count` : '';
  return `${formatDuration(sendingMs)} of sending${warmup}; ${formatDuration(elapsedMs)} in all`;
}

function groupsText({ target }: LoadResult): string {
  return target.groups > 1 ? `, of ${target.groups} groups together` : '';
}

function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}

/** What became of the messages, and whether that is what should. */
export function countFacts({ counts, target }: LoadResult): Fact[] {
  return [
    ['planned', grouped(counts.planned)],
    ['sent', grouped(counts.sent)],
    ['confirmed', grouped(counts.confirmed)],
    ['not in time', `${grouped(counts.late)} late by more than 50ms, ${grouped(counts.dropped)} dropped`],
    ['failed', `${grouped(counts.failed)} not confirmed; ${grouped(counts.errors)} calls with errors`],
    ...(target.groups === 0
      ? [['correctness', 'not looked at: nothing consumes'] as const]
      : consumedFacts(counts)),
  ];
}

function consumedFacts(counts: LoadCounts): Fact[] {
  return [
    ['processed', `${grouped(counts.processed)} of ${grouped(counts.delivered)} delivered`],
    ['left behind', `${grouped(counts.unprocessed)} not processed when it ended`],
    ['correctness', textOf(counts, CORRECTNESS)],
    ['redelivery', textOf(counts, REDELIVERY)],
  ];
}

type Named = readonly (readonly [count: keyof LoadCounts, name: string])[];

const CORRECTNESS: Named = [
  ['lost', 'lost'],
  ['doubled', 'doubled'],
  ['outOfOrder', 'out of order'],
  ['corrupted', 'corrupted'],
  ['foreign', 'foreign'],
];
const REDELIVERY: Named = [
  ['redelivered', 'redelivered'],
  ['deadLettered', 'dead-lettered'],
];

function textOf(counts: LoadCounts, names: Named): string {
  return names.map(([count, name]) => countOf(counts[count], name)).join(', ');
}

function countOf(count: number | null, name: string): string {
  return count === null ? `${name} not known` : `${grouped(count)} ${name}`;
}

/** The most that was seen of the backend. */
export function backendFacts({ backend }: LoadResult): Fact[] {
  const { length, lag, pending, memoryBytes, memoryGrowthBytes, queueBytes, cpu } = backend;
  const growth = memoryGrowthBytes === null ? '' : `, ${bytesText(memoryGrowthBytes)} more than before`;
  return [
    ['length', countText(length)],
    ['lag', countText(lag)],
    ['pending', countText(pending)],
    ['memory', memoryBytes === null ? null : `${bytesText(memoryBytes)}${growth}`],
    ['queue', bytesText(queueBytes)],
    ['CPU', coresText(cpu)],
  ];
}

function countText(count: number | null): string | null {
  return count === null ? null : grouped(count);
}

/** Whether the generator was in its own way. */
export function generatorFacts({ generator }: LoadResult): Fact[] {
  const { limited, reasons, cpu, loopDelayP99Ms, loopDelayMaxMs, behindMs } = generator;
  const why = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
  return [
    ['limit', limited ? `the generator was the limit${why}` : 'the generator was not the limit'],
    ['CPU', coresText(cpu)],
    ['held', `${latencyText(loopDelayP99Ms)} at p99, ${latencyText(loopDelayMaxMs)} at most`],
    ['behind', `${latencyText(behindMs)} at most behind its schedule`],
  ];
}

/** Where it was measured, and with what. */
export function environmentFacts({ environment }: LoadResult): Fact[] {
  const { workload, workloadParts, qctl, node, platform, cpu, cores, memoryBytes, host } = environment;
  return [
    ['host', `${host}, ${platform}`],
    ['machine', `${cores} x ${cpu}, ${bytesText(memoryBytes)}`],
    ['versions', `qctl ${qctl}, Node ${node.replace(/^v/, '')}`],
    ['workload', workload.slice(0, 12)],
    ...Object.entries(workloadParts),
  ];
}

/** One fault as a clause. */
export function faultText({ done, why, redelivered, recoveredMs }: FaultReport): string {
  if (!done) return `not done: ${why ?? 'not known why'}`;
  const again =
    redelivered === 0 ? 'nothing came again' : `${grouped(redelivered)} in hand were delivered again`;
  return `${again}, ${recoveredMs === null ? 'not recovered' : `recovered after ${latencyText(recoveredMs)}`}`;
}

/** `ok`, `failed` or `unknown`: what is not known is no pass. */
export function thresholdState({ holds }: ThresholdReport): 'ok' | 'failed' | 'unknown' {
  return holds === null ? 'unknown' : holds ? 'ok' : 'failed';
}

/** The names in a threshold with what they were: `endToEnd.p99 was 859ms`. */
export function thresholdValues({ values }: ThresholdReport): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value === null ? 'is' : 'was'} ${measureText(name, value)}`)
    .join(', ');
}
