import { QctlError } from '../errors.ts';

/** The target came back without what it had confirmed; `what` says what is missing. */
export function dataLost(label: string, what: string, details: Record<string, unknown>): QctlError {
  return new QctlError('target', `${label} has lost data: ${what}`, {
    code: 'TARGET_LOST_DATA',
    hint: [
      'Redis came back without what it had confirmed: a restart without persistence, or a failover to a replica that lagged',
      'nothing more was settled; compare with `qctl verify`, and use --durability aof or wait:N',
    ],
    details,
  });
}
