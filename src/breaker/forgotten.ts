import type { BreakerView, Override } from './view.ts';

/** After this an override without an end is one that somebody may have forgotten. */
export const FORGOTTEN_AFTER_MS = 24 * 3_600_000;

/** An override that stands there for too long. */
export interface ForgottenOverride {
  name: string;
  override: Override;
  ageMs: number;
}

/** The overrides that are at work for a day and longer, the oldest first. */
export function forgottenOverrides(views: readonly BreakerView[]): ForgottenOverride[] {
  return views
    .flatMap(({ name, nowMs, override }) =>
      override && nowMs - override.sinceMs >= FORGOTTEN_AFTER_MS
        ? [{ name, override, ageMs: nowMs - override.sinceMs }]
        : [],
    )
    .sort((a, b) => b.ageMs - a.ageMs);
}
