/** What one measurement may be. */
export type CheckValue = number | string | boolean | null;

/** What happens to whoever waits for a check once it has gone wrong more often than it may. */
export type Reaction = 'rollback' | 'pause' | 'warn';

/** Which number a check asks for: a metric provider by its name, and what that needs to know. */
export interface MetricRef {
  /** `redis.lag`, `http`, `prometheus`, `command`. */
  metric: string;
  /** `{ stream: 'orders', group: 'workers' }`, as validated by the provider. */
  with: Record<string, unknown>;
  /** Folder from which relative paths count. Default: the current one. */
  cwd?: string;
}

/** A check, with every default filled in. Times in ms. */
export interface CheckSpec extends MetricRef {
  name: string;
  /** Expression over `value` and `baseline`; null: whatever `failure` does not catch. */
  success: string | null;
  /** See {@link CheckSpec.success}; null: whatever `success` does not hold for. */
  failure: string | null;
  intervalMs: number;
  initialDelayMs: number;
  /** Measurements after which it is at its end; null: as long as it is watched. */
  count: number | null;
  /** Failures that are let pass, in all. Default 0. */
  failureLimit: number;
  /** Errors in a row that are let pass: measurements that could not be made. Default 4. */
  errorLimit: number;
  /** Measurements that are let pass although neither expression holds. Default 0. */
  inconclusiveLimit: number;
  /** Of a single measurement. */
  timeoutMs: number;
  /** To failures and errors beyond their limit; to the inconclusive it is `pause`, or `warn` where this is. */
  onFailure: Reaction;
  /** Measured and told, and never of any consequence. */
  dryRun: boolean;
}

/** `error`: it could not be measured. `inconclusive`: neither expression holds, or there is no number. */
export type CheckOutcome = 'pass' | 'fail' | 'error' | 'inconclusive';

/** One measurement of a check. */
export interface Measurement {
  check: string;
  /** RFC 3339. */
  at: string;
  outcome: CheckOutcome;
  value: CheckValue;
  /** What `baseline` stood for; null where there is none. */
  baseline: number | null;
  /** As a clause: `1204 is not < 1000`. */
  why: string;
}

/**
 * Measures once. Null: there is no number (no group yet, no samples), which is never a pass. Throws where
 * it cannot be measured; called again and again, also at once with itself.
 */
export type Measure = (ref: MetricRef, signal: AbortSignal) => Promise<CheckValue>;

/** What became of a check so far. */
export interface CheckSummary {
  check: string;
  dryRun: boolean;
  passed: number;
  failed: number;
  errors: number;
  inconclusive: number;
  /** The last ten, the newest last. */
  last: Measurement[];
}
