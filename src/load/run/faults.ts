import { formatExactDuration } from '../../model/duration.ts';
import type { Fault } from '../profile/schema.ts';
import type { FaultReport } from '../result.ts';
import type { Tally } from '../tally/tally.ts';
import type { LoadTarget, Producer } from '../targets/target.ts';
import type { Crew } from './crew.ts';

/** What faults act on. */
export interface FaultParts {
  target: LoadTarget;
  tally: Tally;
  crew: Crew;
  producers: readonly Producer[];
}

interface Pending {
  report: FaultReport;
  /** Messages that had been handed over when it was over. */
  below: number;
  redeliveredBefore: number;
  overAtMs: number;
}

/** Does the faults of a profile at their time, and watches until what they have hit is processed. */
export class Faults {
  readonly reports: FaultReport[] = [];
  readonly #parts: FaultParts;
  #left: readonly Fault[];
  #pending: Pending[] = [];

  constructor(faults: readonly Fault[], parts: FaultParts) {
    this.#left = faults;
    this.#parts = parts;
  }

  /** Called often. @param atMs from the start of the schedule */
  look(atMs: number): void {
    while (this.#left[0] && this.#left[0].at <= atMs) {
      const [fault] = this.#left;
      this.#left = this.#left.slice(1);
      void this.#carryOut(fault!, atMs);
    }
    if (this.#pending.length > 0) this.#recognise(atMs);
  }

  /** Those whose time never came. */
  end(): void {
    for (const fault of this.#left)
      this.reports.push({ ...blank(fault, fault.at), why: 'the test was over before' });
    this.#left = [];
  }

  async #carryOut(fault: Fault, atMs: number): Promise<void> {
    const report = blank(fault, atMs);
    this.reports.push(report);
    const { redelivered } = this.#parts.tally.counts(false);
    try {
      report.why = await this.#act(fault);
      report.done = report.why === null;
    } catch (error) {
      report.why = (error as Error).message;
    }
    if (!report.done) return;
    this.#pending.push({
      report,
      below: this.#parts.tally.planned,
      redeliveredBefore: redelivered,
      overAtMs: atMs + ('pause' in fault ? fault.for : 0),
    });
  }

  /** @returns why it could not be done */
  async #act(fault: Fault): Promise<string | null> {
    const { crew, producers, target } = this.#parts;
    if ('kill' in fault) {
      if (crew.size === 0) return 'there was no consumer';
      crew.kill(fault.count, fault.restart);
    } else if ('cut' in fault) {
      if (fault.cut !== 'consumers') for (const producer of producers) producer.cut();
      if (fault.cut !== 'producers') crew.cut();
    } else if (target.pause) await target.pause(fault.for);
    else return 'this target cannot be paused';
    return null;
  }

  #recognise(atMs: number): void {
    const { tally } = this.#parts;
    const { redelivered } = tally.counts(false);
    this.#pending = this.#pending.filter(({ report, below, redeliveredBefore, overAtMs }) => {
      report.redelivered = redelivered - redeliveredBefore;
      if (atMs < overAtMs || !tally.settledBelow(below)) return true;
      report.recoveredMs = atMs - overAtMs;
      return false;
    });
  }
}

/** `kill 1 consumer at 30s`. */
export function faultText(fault: Fault): string {
  const at = `at ${formatExactDuration(fault.at)}`;
  if ('kill' in fault) return `kill ${fault.count} consumer${fault.count === 1 ? '' : 's'} ${at}`;
  if ('cut' in fault)
    return `cut the connections of ${fault.cut === 'all' ? 'producers and consumers' : fault.cut} ${at}`;
  return `pause the server for ${formatExactDuration(fault.for)} ${at}`;
}

function blank(fault: Fault, atMs: number): FaultReport {
  return { text: faultText(fault), atMs, done: false, why: null, redelivered: 0, recoveredMs: null };
}
