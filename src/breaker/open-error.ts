/** A call that a circuit breaker did not let through. */
export class CircuitOpenError extends Error {
  readonly code = 'CIRCUIT_OPEN';
  readonly breaker: string;
  /** After this it may be worth trying again, in ms; null where nobody knows, as with an override without an end. */
  readonly retryAfterMs: number | null;

  constructor(breaker: string, why: string, retryAfterMs: number | null) {
    super(`circuit breaker ${breaker} is open: ${why}`);
    this.name = 'CircuitOpenError';
    this.breaker = breaker;
    this.retryAfterMs = retryAfterMs;
  }
}
