import { plural } from '../model/plural.ts';
import type { PostgresSource } from '../sources/postgres/index.ts';
import type { Depth } from '../sources/source.ts';
import type { Meter } from './meter.ts';
import { carriedBy, leftWithout, type SourceChange, type SourceWatch } from './source-watch.ts';
import type { Totals } from './totals.ts';

const LOOK_MS = 2000;

export interface TableWatchOptions {
  source: PostgresSource;
  meter: Meter;
  totals(): Promise<Totals>;
  /** Ready rows when the run began, counted after its totals were read. */
  ready: number;
  settled: number;
}

/** Looks whether the table is still the same one while it is drained, and accounts for its rows at the end. */
export class TableWatch implements SourceWatch {
  private readonly options: TableWatchOptions;
  private readonly timer: NodeJS.Timeout;
  private files: string;
  private oid: number | null;
  private recreated: SourceChange | undefined;
  private rewritten = false;
  /** Rows that were found missing when a table was seen to stand in new files: what arrives later cannot hide them. */
  private leftThen = 0;
  private looking: Promise<void> | undefined;

  private constructor(options: TableWatchOptions, identity: { oid: number | null; files: string }) {
    this.options = options;
    this.oid = identity.oid;
    this.files = identity.files;
    this.timer = setInterval(() => this.lookAgain(), LOOK_MS);
    this.timer.unref();
  }

  static async start(options: TableWatchOptions): Promise<TableWatch> {
    return new TableWatch(options, await options.source.identityNow());
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async finish(depth: Depth, totals: Totals): Promise<SourceChange[]> {
    this.stop();
    await this.looking;
    await this.look().catch(() => undefined);
    const left = depth.ready === null ? 0 : Math.max(this.leftThen, this.leftNow(depth.ready, totals));
    const changes = [this.recreated, this.departure(left)];
    return changes.filter((change) => change !== undefined);
  }

  private departure(left: number): SourceChange | undefined {
    if (left <= 0 || this.recreated) return undefined;
    if (this.rewritten)
      return {
        code: 'TRUNCATED',
        level: 'problem',
        count: left,
        text: `the table was truncated, or lost a partition, while it was drained: ${left} ready rows or more are gone that this run has not taken`,
      };
    return {
      code: 'COMPETING_CONSUMER',
      level: 'problem',
      count: left,
      text: `${left} ${plural(left, 'row')} or more that ${plural(left, 'was')} ready at the start ${plural(left, 'is')} not any more, and this run has not taken ${plural(left, 'it')}: another session has deleted or changed ${plural(left, 'it')}`,
    };
  }

  private leftNow(ready: number, totals: Totals): number {
    return leftWithout(
      { held: this.options.ready, settled: this.options.settled },
      { held: ready, carried: carriedBy(totals) - totals.duplicatesSuppressed },
    );
  }

  private lookAgain(): void {
    this.looking ??= this.look()
      .catch(() => undefined)
      .finally(() => {
        this.looking = undefined;
      });
  }

  private async look(): Promise<void> {
    const { oid, files } = await this.options.source.identityNow();
    if (oid === this.oid && files === this.files) return;
    if (oid !== this.oid) await this.noteRecreation();
    else await this.noteNewFiles();
    this.oid = oid;
    this.files = files;
  }

  private async noteRecreation(): Promise<void> {
    const { source, meter, totals } = this.options;
    const count = Math.max(0, this.leftNow(0, await totals()));
    this.recreated = {
      code: 'RECREATED',
      level: count > 0 ? 'problem' : 'note',
      count,
      text: `table ${source.table.name} was dropped or made anew while it was drained; ${count} ${plural(count, 'row')} of the old one had not been taken`,
    };
    meter.note(this.recreated.text);
  }

  /** VACUUM FULL and CLUSTER give new files as well, but no row is missing after them. */
  private async noteNewFiles(): Promise<void> {
    const { source, meter, totals } = this.options;
    const { ready } = await source.depth();
    const left = this.leftNow(ready ?? 0, await totals());
    if (left <= this.leftThen) return;
    this.rewritten = true;
    this.leftThen = left;
    meter.note(this.departure(left)!.text);
  }
}
