/**
 * How a number was come by: `counted` one by one; `reported` by the server, which may be late; `sampled`: found
 * in a part and multiplied; `estimated` from statistics that the server keeps.
 */
export type How = 'counted' | 'reported' | 'sampled' | 'estimated';

/** A number and how it was come by; null is unknown. */
export interface Figure {
  value: number | null;
  how: How | null;
}

export const UNKNOWN: Figure = { value: null, how: null };

export function figure(value: number, how: How): Figure {
  return { value, how };
}
