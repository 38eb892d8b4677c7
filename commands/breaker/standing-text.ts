import type { Override, Standing } from '../../src/breaker/index.ts';

/** RFC 3339 to the second. */
export function secondText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** State of a breaker with its end and why: `open until TIME, tripped by ann@desk: rebuild`. */
export function stateText({ state, halfOpenAtMs, sinceMs, ...why }: Standing): string {
  const until = state === 'open' && halfOpenAtMs !== null ? ` until ${secondText(halfOpenAtMs)}` : '';
  const since = state === 'half-open' && sinceMs !== null ? ` since ${secondText(sinceMs)}` : '';
  const cause = causeText(why);
  return `${state}${until}${since}${cause ? `, ${cause}` : ''}`;
}

function causeText({
  cause,
  detail,
  by,
  host,
  reason,
}: Pick<Standing, 'cause' | 'detail' | 'by' | 'host' | 'reason'>) {
  if (cause === null) return '';
  if (by === null) return detail ?? cause.replaceAll('-', ' ');
  return `${cause} by ${by}@${host ?? ''}${reason ? `: ${reason}` : ''}`;
}

/** `open until TIME, by ann@desk: incident 7`; null where there is none. */
export function overrideText(override: Override | null): string | null {
  if (!override) return null;
  const { mode, by, host, reason, untilMs } = override;
  const end = untilMs === null ? 'until released' : `until ${secondText(untilMs)}`;
  return `${mode} ${end}, by ${by}@${host}${reason ? `: ${reason}` : ''}`;
}
