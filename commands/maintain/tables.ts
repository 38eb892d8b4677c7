import type { BreakerWork, Leftover, StreamWork } from '../../src/maintain/index.ts';
import type { Output } from '../term/io.ts';
import { formatBreakerWork } from './format-breakers.ts';
import { formatLeftovers } from './format-leftovers.ts';
import { formatStreamWork } from './format-streams.ts';

/** What of a plan, or of a report, stands in tables besides what is scheduled. */
export interface Tabled {
  breakers: readonly BreakerWork[];
  streams: readonly StreamWork[];
  leftovers: readonly Leftover[];
}

/** The tables that have a row, below each other. */
export function tablesOf(
  output: Output,
  scheduled: string,
  { breakers, streams, leftovers }: Tabled,
): string {
  const tables = [
    scheduled,
    breakers.length > 0 ? formatBreakerWork(output, breakers) : '',
    streams.length > 0 ? formatStreamWork(output, streams) : '',
    leftovers.length > 0 ? formatLeftovers(output, leftovers) : '',
  ];
  return tables.filter((table) => table !== '').join('\n');
}
