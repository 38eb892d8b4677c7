/** What monitoring knows: Nagios, Icinga and all that call their plugins. */
export type Status = 'ok' | 'warning' | 'critical' | 'unknown';

/**
 * From harmless to worst, as the plugins' own `max_state_alt` has it. What is known to be bad must not
 * hide behind what could not be measured, and what could not be measured must not pass for good.
 */
const BY_SEVERITY: readonly Status[] = ['ok', 'unknown', 'warning', 'critical'];

/** The worst of several: CRITICAL over WARNING over UNKNOWN over OK. Of none it is UNKNOWN: no data is never a pass. */
export function worstStatus(statuses: Iterable<Status>): Status {
  const [first, ...rest] = statuses;
  if (first === undefined) return 'unknown';
  return rest.reduce((worst, status) => (severity(status) > severity(worst) ? status : worst), first);
}

/** 0 for OK, rising to CRITICAL; for sorting, not an exit code. */
export function severity(status: Status): number {
  return BY_SEVERITY.indexOf(status);
}
