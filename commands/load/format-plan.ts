import type { LoadPlan } from '../../src/load/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatExactDuration } from '../../src/model/duration.ts';
import { plural } from '../../src/model/plural.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { formatFields } from '../term/table.ts';

/** What is about to be sent where, before it is. */
export function formatLoadPlan(output: Output, plan: LoadPlan): string {
  const { target, warmupMs } = plan;
  return formatFields(output, [
    ['run', plan.run],
    ['target', `${target.kind} ${target.label}${target.version ? ` (${target.version})` : ''}`],
    [target.own ? 'makes' : 'uses', `${target.name}${target.own ? ', and takes it away again' : ''}`],
    ['sends', sendsText(plan)],
    ['rate', rateText(plan)],
    ...(warmupMs > 0 ? [['warm-up', formatExactDuration(Math.round(warmupMs))] as const] : []),
    ['consumes', consumesText(plan)],
    ...plan.disturbs.map((text) => ['everybody on it feels', text] as const),
  ]);
}

function sendsText({ messages, bytes, durationMs, producers }: LoadPlan): string {
  const many = messages === null ? 'as many as fit' : `${grouped(messages)} ${plural(messages, 'message')}`;
  const size = bytes === null ? '' : `, about ${formatBytes(bytes)}`;
  const long = durationMs === null ? '' : ` in ${formatExactDuration(Math.round(durationMs))}`;
  return `${many}${size}${long}, by ${grouped(producers)} ${plural(producers, 'producer')}`;
}

function rateText({ peakPerSecond, meanPerSecond }: LoadPlan): string {
  if (peakPerSecond === null) return 'as fast as the target confirms';
  const peak = `${grouped(Math.round(peakPerSecond))}/s`;
  const mean = meanPerSecond === null ? peak : `${grouped(Math.round(meanPerSecond))}/s`;
  return peak === mean ? peak : `${mean} on average, up to ${peak}`;
}

function consumesText({ groups, consumers }: LoadPlan): string {
  if (groups * consumers === 0) return 'nothing';
  return `${grouped(groups)} ${plural(groups, 'group')} of ${grouped(consumers)} ${plural(consumers, 'consumer')}`;
}
