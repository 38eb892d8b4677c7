import type { BreakerChange, Standing } from '../../src/breaker/index.ts';
import type { QctlError } from '../../src/errors.ts';
import type { GivenSettings } from '../../src/model/breaker-settings.ts';

/** What has become of one breaker, or would. */
export interface Change extends BreakerChange {
  /** True where Redis did not know it before. */
  created: boolean;
  /** By qctl.yaml and the environment. */
  configured: GivenSettings | undefined;
}

/** One breaker that could not be changed, or not even looked at. */
export interface Failure {
  name: string;
  error: QctlError;
}

/** One change as `-o json` prints it. */
export function changeJson({ name, prior, next, created }: Change, dryRun: boolean): object {
  return {
    breaker: name,
    created,
    prior: created ? null : standingJson(prior),
    next: standingJson(next),
    seenAt: time(next.seenMs),
    dryRun,
    error: null,
  };
}

/** Likewise. */
export function failureJson({ name, error: { code, message } }: Failure, dryRun: boolean): object {
  const nothing = { created: false, prior: null, next: null, seenAt: null };
  return { breaker: name, ...nothing, dryRun, error: { code, message } };
}

function standingJson(standing: Standing): object {
  const { state, sinceMs, halfOpenAtMs, cause, detail, by, host, reason, override, settings } = standing;
  return {
    state,
    since: time(sinceMs),
    halfOpenAt: time(halfOpenAtMs),
    ...{ cause, detail, by, host, reason },
    override: override && {
      mode: override.mode,
      by: override.by,
      host: override.host,
      reason: override.reason || null,
      since: time(override.sinceMs),
      until: time(override.untilMs),
    },
    settings,
    declared: standing.declared,
    set: standing.set,
  };
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
