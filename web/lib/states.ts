import type { BreakerRow, Snapshot } from '../../src/overview/index.ts';
import type { Tone } from '../parts/value.tsx';

type Run = Snapshot['runs'][number];
type Cutover = Snapshot['cutovers'][number];

/** Ends of a cutover. */
export const CUTOVER_ENDS: ReadonlySet<string> = new Set(['completed', 'rolledBack', 'rollbackFailed']);

const RUN_TONES: Record<string, Tone> = {
  running: 'info',
  following: 'good',
  done: 'good',
  waiting: 'warn',
  braked: 'warn',
  paused: 'warn',
  pausing: 'warn',
  stopping: 'warn',
  stopped: 'bad',
  abandoned: 'plain',
};

/** Of a drain. */
export function runTone({ state }: Run): Tone {
  return RUN_TONES[state] ?? 'plain';
}

/** Somebody or something holds it. */
export function isHeld({ state }: Run): boolean {
  return ['waiting', 'braked', 'paused', 'pausing'].includes(state);
}

/** It is not at its end, and nobody is at work on it. */
export function isStopped({ state }: Run): boolean {
  return state === 'stopped';
}

/** Of a cutover. */
export function cutoverTone({ state, alive }: Cutover): Tone {
  if (state === 'completed') return 'good';
  if (state === 'rollbackFailed') return 'bad';
  if (state === 'rolledBack') return 'plain';
  if (state === 'running') return alive ? 'info' : 'bad';
  return 'warn';
}

/** As people write it: `rolling back`. */
export function words(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** What the next call meets, in a word, and how bad that is. */
export function breakerBadge({ state, verdict, override }: BreakerRow): { text: string; tone: Tone } {
  if (override) return { text: `held ${override.mode}`, tone: verdict === 'reject' ? 'bad' : 'warn' };
  if (verdict === 'probe') return { text: state === 'open' ? 'open, probe due' : 'half-open', tone: 'warn' };
  return { text: state, tone: state === 'closed' ? 'good' : 'bad' };
}
