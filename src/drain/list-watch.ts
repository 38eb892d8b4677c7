import { plural } from '../model/plural.ts';
import type { CelerySource } from '../sources/celery/index.ts';
import type { Depth } from '../sources/source.ts';
import { leftWithout, type SourceChange, type SourceWatch } from './source-watch.ts';
import type { Totals } from './totals.ts';

export interface ListWatchOptions {
  source: CelerySource;
  run: string;
  totals(): Promise<Totals>;
}

/** Accounts at the end for the messages that stood in a Celery queue when the drain began. */
export class ListWatch implements SourceWatch {
  private readonly source: CelerySource;
  private readonly before: { held: number; settled: number };

  private constructor(source: CelerySource, before: { held: number; settled: number }) {
    this.source = source;
    this.before = before;
  }

  /** Totals are read first: what another process brings over in between must not pass for somebody else's doing. */
  static async start({ source, run, totals }: ListWatchOptions): Promise<ListWatch> {
    const at = await totals();
    return new ListWatch(source, { held: inSource(await source.depth(run), at), settled: carried(at) });
  }

  stop(): void {
    // There is nothing that goes on meanwhile.
  }

  finish(depth: Depth, totals: Totals): Promise<SourceChange[]> {
    const left = leftWithout(this.before, { held: inSource(depth, totals), carried: carried(totals) });
    if (left <= 0) return Promise.resolve([]);
    return Promise.resolve([
      {
        code: 'COMPETING_CONSUMER',
        level: 'problem',
        count: left,
        text: `${left} ${plural(left, 'message')} or more that stood in ${this.source.label} at the start ${plural(left, 'is')} not there any more, and this run has not taken ${plural(left, 'it')}: workers have`,
      },
    ]);
  }
}

/** What is ready, and what this run has taken out of the queue and not appended. */
function inSource({ ready, held = 0 }: Depth, { open }: Totals): number {
  return (ready ?? 0) + Math.max(0, held - open);
}

function carried({ appended, scheduled, quarantined }: Totals): number {
  return appended + scheduled + quarantined;
}
