import type { Approach, Nearest } from '../../src/breaker/index.ts';
import { grouped } from '../term/number.ts';

/** A time after the beginning: `+2m00.1s`, `+1h05m03.2s`. */
export function afterText(ms: number): string {
  const tenths = Math.round(ms / 100);
  const [hours, minutes, seconds] = [
    Math.floor(tenths / 36_000),
    Math.floor(tenths / 600) % 60,
    (tenths % 600) / 10,
  ];
  const two = (text: string, digits: number) => text.padStart(digits, '0');
  if (hours > 0) return `+${hours}h${two(String(minutes), 2)}m${two(seconds.toFixed(1), 4)}s`;
  return minutes > 0 ? `+${minutes}m${two(seconds.toFixed(1), 4)}s` : `+${seconds.toFixed(1)}s`;
}

/** How near it came that has not opened, as a clause. */
export function nearestText(nearest: Nearest, fromMs: number): string {
  const { failures, failureRate, slowCallRate, mostCalls, minimumCalls, tooFewInstances } = nearest;
  const at = ({ atMs }: Approach) => `at ${afterText(atMs - fromMs)}`;
  const share = ({ value, threshold }: Approach) => `${Number(value.toFixed(1))}% of ${threshold}%`;
  const parts = [
    failures &&
      `at most ${grouped(failures.value)} of ${grouped(failures.threshold)} failures in the window (${at(failures)})`,
    failureRate && `failure rate up to ${share(failureRate)} (${at(failureRate)})`,
    slowCallRate && `slow calls up to ${share(slowCallRate)} (${at(slowCallRate)})`,
    mostCalls > 0 &&
      mostCalls < minimumCalls &&
      `never ${minimumCalls} calls in the window (at most ${mostCalls})`,
    tooFewInstances && 'too few processes were in trouble',
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'nothing that it looks at went wrong';
}
