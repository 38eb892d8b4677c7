import type { Forecast, OrderPlan } from '../../src/analyse/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';
import { type FactRow, percent } from './fact-text.ts';

const UNKNOWN = 'unknown';

/** A forecast as people read it; what is not known is said to be. */
export function forecastRows({ messages, memory, freeBytes, pace, durationMs, calls }: Forecast): FactRow[] {
  if (messages === 0) return [['messages', '0: nothing is ready']];
  return [
    ['messages', messages === null ? UNKNOWN : grouped(messages)],
    ['memory needed', memory ? memoryText(memory) : `${UNKNOWN}: no message was sampled`],
    ['memory free', freeBytes === null ? UNKNOWN : formatBytes(freeBytes)],
    ...(memory
      ? [['append-only file', `${formatBytes(memory.aofBytes)} more, where there is one`] as FactRow]
      : []),
    ['time', durationMs === null ? UNKNOWN : `about ${formatDuration(durationMs)}`],
    ['pace', pace ? paceText(pace) : UNKNOWN],
    ...(calls ? [['api calls', callsText(calls)] as FactRow] : []),
  ];
}

function paceText({ perSecond, bottleneck, why }: NonNullable<Forecast['pace']>): string {
  return `about ${grouped(Number(perSecond.toPrecision(2)))}/s with one process, held back by the ${bottleneck}: ${why}`;
}

/** How messages that belong together spread over the partitions. */
export function orderRows(order: OrderPlan | null): FactRow[] {
  if (!order) return [];
  const { keys, sampled, keyed, hottest, fullestShare, partitions, evenUpTo } = order;
  const spread = partitions > 1 ? `; the fullest partition gets ${percent(fullestShare)}` : '';
  const hot = hottest ? `, the most frequent has ${percent(hottest.share)}` : '';
  const text =
    keyed === 0
      ? `no message has a key${spread}`
      : `${grouped(keys)} keys in ${grouped(sampled)} sampled${hot}${spread}; even up to ${evenUpTo} partitions`;
  return [['order', text]];
}

function memoryText({
  totalBytes,
  ledgerBytes,
  bytesPerEntry,
  sampled,
}: NonNullable<Forecast['memory']>): string {
  const ledger = ledgerBytes === 0 ? '' : `, ${formatBytes(ledgerBytes)} of it for the ledger`;
  return `${formatBytes(totalBytes)}${ledger}; ${formatBytes(bytesPerEntry)} an entry, by ${grouped(sampled)} sampled`;
}

function callsText({ receive, delete: deletes, billed }: NonNullable<Forecast['calls']>): string {
  const bill = billed === null ? '' : `; ${grouped(billed)} as AWS bills them`;
  return `${grouped(receive)} to receive, ${grouped(deletes)} to delete${bill}`;
}
