import type { CelerySpec } from './spec.ts';

/** The keys of one queue in its broker: Celery's own, and those that qctl keeps beside them. */
export interface CeleryKeys {
  /** One list a priority, in the order in which they are served; the right end is the oldest. */
  lists: string[];
  /** Delivery tag -> JSON of message, exchange and routing key: what workers have and have not acknowledged. Of all queues. */
  unacked: string;
  /** Delivery tag by when it was delivered, in seconds. */
  unackedIndex: string;
  /** Routing key, pattern and queue of an exchange (set). */
  binding(exchange: string): string;
  /** Of each run `fence:RUN`, `unit:RUN` and `settled:RUN` (hash). */
  claims: string;
  /** What a run has taken and not settled, a list beside each of `lists`. */
  held(run: string): string[];
}

/** Names them. */
export function celeryKeys({ queue, prefix, separator, steps }: CelerySpec): CeleryKeys {
  const own = `${prefix}qctl:celery:${queue}`;
  return {
    lists: steps.map((step) => `${prefix}${queue}${step === 0 ? '' : `${separator}${step}`}`),
    unacked: `${prefix}unacked`,
    unackedIndex: `${prefix}unacked_index`,
    binding: (exchange) => `${prefix}_kombu.binding.${exchange}`,
    claims: `${own}:claims`,
    held: (run) => steps.map((step) => `${own}:held:${run}:${step}`),
  };
}
