import { grouped } from '../../src/model/grouped.ts';

export { grouped };

/** `once`, `2 times`. */
export function timesText(n: number): string {
  return n === 1 ? 'once' : `${grouped(n)} times`;
}
