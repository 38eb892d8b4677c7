import { QctlError } from '../errors.ts';
import { isBreakerName, MOST_BREAKER_NAME_BYTES } from '../model/breaker-name.ts';

/** Whether a route may have this name. It stands in the same place of a key as the name of a circuit breaker. */
export const isRouteName: (name: string) => boolean = isBreakerName;

/** Throws `usage` where no route can have this name. */
export function checkRouteName(name: string): void {
  if (isRouteName(name)) return;
  throw new QctlError('usage', `${JSON.stringify(name)} cannot be the name of a route`, {
    code: 'BAD_ROUTE_NAME',
    hint: [`use up to ${MOST_BREAKER_NAME_BYTES} bytes without blanks, braces and control characters`],
  });
}
