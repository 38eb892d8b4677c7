import type { Finding } from '../../model/finding.ts';
import type { CarefulSession } from './careful.ts';

/** What an analysis has not asked because it would have read a large table. */
export function leftOutFindings({ leftOut }: CarefulSession): Finding[] {
  if (leftOut.size === 0) return [];
  return [
    {
      level: 'note',
      code: 'NOT_COUNTED',
      text: `not everything could be counted without reading all of ${[...leftOut].sort().join(', ')}; what is estimated says so, and findings that rest on such counts are missing`,
    },
  ];
}
