import type { Work } from '../profile/schema.ts';

/** How long a consumer works at one message, in ms. */
export function workMs(work: Work, random: () => number): number {
  if (work.kind === 'fixed') return work.meanMs;
  if (work.kind === 'uniform') return work.fromMs + random() * (work.toMs - work.fromMs);
  return -Math.log(1 - random()) * work.meanMs;
}
