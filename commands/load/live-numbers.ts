import type { LoadProgress, LoadSecond } from '../../src/load/index.ts';
import { grouped } from '../term/number.ts';
import { bytesText, coresText, latencyText, rateText } from './words.ts';

/** One number of a line. */
export interface Item {
  name: string;
  text: string;
  /** Should be 0, and is not. */
  bad?: boolean;
}

/** What stands in a line: its name, and its numbers. */
export type Line = readonly [name: string, items: readonly Item[]];

/** The numbers of a moment, a line for each kind; what is not known is left out. */
export function liveNumbers({ counts, last, soFar, backlog }: LoadProgress): Line[] {
  const whole = last?.endToEnd ?? last?.enqueue ?? null;
  const lines: Line[] = [
    ['rate', last ? rateItems(last) : [item('waiting for', 'the first second')]],
    ['so far', soFar ? latencyItems(soFar) : []],
    ['last 1s', whole ? latencyItems(whole) : []],
    ['queue', [item('behind', grouped(backlog)), ...(last ? queueItems(last) : [])]],
    ['load', last ? loadItems(last) : []],
    ['errors', errorItems(counts)],
  ];
  return lines.filter(([, items]) => items.length > 0);
}

function rateItems({ wanted, sent, confirmed, processed }: LoadSecond): Item[] {
  return [
    ...(wanted > 0 ? [item('wanted', rateText(wanted))] : []),
    item('sent', rateText(sent)),
    item('confirmed', rateText(confirmed)),
    item('processed', rateText(processed)),
  ];
}

function latencyItems({ p50, p99, max }: { p50: number; p99: number; max: number }): Item[] {
  return [item('p50', latencyText(p50)), item('p99', latencyText(p99)), item('max', latencyText(max))];
}

function queueItems({ backend }: LoadSecond): Item[] {
  if (!backend) return [item('server', 'does not answer')];
  const names = ['lag', 'pending', 'length'] as const;
  return names.flatMap((name) => {
    const value = backend[name];
    return value === null ? [] : [item(name, grouped(value))];
  });
}

function loadItems({ backend, backendCpu, generatorCpu }: LoadSecond): Item[] {
  const memory = bytesText(backend?.memoryBytes ?? null);
  const cpu = coresText(backendCpu);
  return [
    ...(memory === null ? [] : [item('memory', memory)]),
    ...(cpu === null ? [] : [item('server', cpu)]),
    item('generator', coresText(generatorCpu)!),
  ];
}

/** Those that are always told, and those that are not 0. */
function errorItems(counts: LoadProgress['counts']): Item[] {
  const all = [
    ['failed calls', counts.errors],
    ['not confirmed', counts.failed],
    ['dropped', counts.dropped],
    ['late', counts.late],
    ['doubled', counts.doubled],
    ['out of order', counts.outOfOrder],
    ['corrupted', counts.corrupted],
    ['redelivered', counts.redelivered],
    ['dead-lettered', counts.deadLettered],
    ['foreign', counts.foreign],
  ] as const;
  return all
    .filter(([name, count]) => count > 0 || name === 'failed calls' || name === 'late')
    .map(([name, count]) => ({ name, text: grouped(count), bad: count > 0 }));
}

function item(name: string, text: string): Item {
  return { name, text };
}
