import type { CompareProgress } from '../../src/compare/index.ts';
import { grouped } from '../term/number.ts';

/** One line on how far it has come. */
export function progressLine({ phase, old, new: fresh, old2, done }: CompareProgress): string {
  if (phase === 'comparing') return `comparing: ${Math.floor(done * 100)}%`;
  const again = old2 === null ? '' : `, ${grouped(old2)} old once more`;
  return `reading: ${grouped(old)} old, ${grouped(fresh)} new${again}`;
}
