import type { Forecast } from '../../src/analyse/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';
import type { FactRow } from './fact-text.ts';

/** A forecast as people read it; null is shown as unknown. */
export function forecastRows({ messages, memory, freeBytes, pace, durationMs, calls }: Forecast): FactRow[] {
  return [
    ['messages', messages === null ? null : grouped(messages)],
    ['memory needed', memory && memoryText(memory)],
    ['memory free', freeBytes === null ? null : formatBytes(freeBytes)],
    ['append-only file', memory && `${formatBytes(memory.aofBytes)} more, where there is one`],
    ['time', durationMs === null ? null : `about ${formatDuration(durationMs)}`],
    [
      'pace',
      pace &&
        `${grouped(pace.perSecond)}/s with one process, held back by the ${pace.bottleneck}: ${pace.why}`,
    ],
    ...(calls ? [['api calls', callsText(calls)] as FactRow] : []),
  ];
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
