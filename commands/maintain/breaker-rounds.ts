import { isQctlError } from '../../src/errors.ts';
import { maintainBreakers } from '../../src/maintain/index.ts';
import type { Context } from '../context.ts';
import { drained } from '../term/drained.ts';
import { printable } from '../term/text.ts';
import { eventsOf } from './choose.ts';
import { breakerWorkLine } from './format-breakers.ts';
import { warningOf } from './warnings.ts';

/** How often breakers are looked at: processes that use them do so themselves. */
const EVERY_MS = 10_000;

/** Looks after circuit breakers now and then, for whoever follows. */
export class BreakerRounds {
  readonly #context: Context;
  #nextMs = 0;
  /** Overrides that were warned of, and what is in the way. */
  readonly #told = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Does what there is to do, where it is time; says it. What is in the way is said once and tried again. */
  async look(): Promise<void> {
    if (this.#context.signal.aborted || performance.now() < this.#nextMs) return;
    this.#nextMs = performance.now() + EVERY_MS;
    const { io, options } = this.#context;
    try {
      const { signal, leftOut } = eventsOf(this.#context, { waiting: () => undefined });
      const look = { redis: await this.#context.redis(), dryRun: false, signal, leftOut };
      for (const work of await maintainBreakers(look)) {
        const warning = warningOf(work);
        if (work.failure) this.#once(work.failure.message, `qctl: ${printable(work.failure.message)}\n`);
        else if (!warning)
          io.stdout.write(breakerWorkLine(options.output === 'ndjson', work, this.#context.now()));
        else if (!options.quiet) this.#once(`${work.name} ${work.override?.sinceMs}`, warning);
      }
      await drained(io.stdout);
    } catch (error) {
      if (!isQctlError(error) || error.kind !== 'target') throw error;
      this.#once(error.message, `qctl: ${printable(error.message)}\n`);
    }
  }

  #once(name: string, text: string): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#context.io.stderr.write(text);
  }
}
