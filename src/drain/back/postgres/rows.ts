import type { Client } from 'pg';
import type { Outcome } from '../../../sources/redis-stream/index.ts';
import type { Item } from '../destination.ts';
import type { Ledger } from './ledger.ts';
import type { RestorePlan } from './plan.ts';
import { notReadyText, type ReadyValues } from './ready-sql.ts';
import { type Found, isDue, judgesReady, NotReady, refusal } from './refusal.ts';
import { parameters, type RestoreSql, restoreSql } from './sql.ts';

/** What became of a batch, once its transaction has been committed. */
export interface BatchOutcome {
  outcomes: [entry: string, outcome: Outcome][];
  left: [entry: string, reason: string][];
}

/** A batch that must be split: not all of it could be inserted, and which part is not known. */
export class SplitBatch extends Error {}

/** What a trial has shown of one row: whether it would be ready; undefined where that is not the question. */
export interface Tried {
  ready: boolean | undefined;
  values: ReadyValues;
}

/** Writes batches of rows, each in one transaction with the ledger. */
export class RowWriter {
  private readonly plan: RestorePlan;
  private readonly ledger: Ledger;
  private readonly sql: RestoreSql;

  constructor(plan: RestorePlan, ledger: Ledger) {
    this.plan = plan;
    this.ledger = ledger;
    this.sql = restoreSql(plan, ledger.name);
  }

  /**
   * Brings a batch into the table, all of it or nothing. All items are of one stream, with an id of their own
   * or all without, and none has the id of another.
   */
  async write(client: Client, run: string, items: readonly Item[]): Promise<BatchOutcome> {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    try {
      const outcome = await this.inside(client, run, items);
      await client.query('COMMIT');
      return outcome;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Tries one row and takes it back. Of a row that is there, what it would be is asked for and not tried. */
  async tryOne(client: Client, item: Item): Promise<Tried> {
    const values = parameters(this.plan, item.stream, '', [item]);
    const ask = async (text: string): Promise<Tried | undefined> =>
      (await client.query<{ ready: boolean; values: ReadyValues }>(text, values)).rows[0];
    await client.query('BEGIN');
    try {
      const fresh = await ask(this.sql.trial(item.hasId));
      const found = fresh ?? (item.hasId ? await ask(this.sql.foretell) : undefined);
      if (!fresh || !item.hasId || this.sql.restored.length === 0)
        return found ?? { ready: undefined, values: {} };
      for (const text of this.sql.restored) await client.query(text, values);
      return (await ask(this.sql.ready)) ?? fresh;
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }

  /** Lets the server look at the statements; no row comes of it. */
  async parse(client: Client): Promise<void> {
    await client.query('BEGIN');
    try {
      const values = parameters(this.plan, '', '', []);
      const { trial, look, foretell, update, ready, restored } = this.sql;
      for (const text of [trial(true), trial(false), look, foretell, update, ready, ...restored])
        await client.query(text, values);
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }

  private async inside(client: Client, run: string, items: readonly Item[]): Promise<BatchOutcome> {
    const { stream, hasId } = items[0]!;
    const values = parameters(this.plan, stream, run, items);
    const text = this.sql.insert(hasId);
    const { rows } = await client.query({ name: `qctl-back-${hasId}`, text, values });
    const done: BatchOutcome = { outcomes: [], left: [] };
    const noted: Item[] = [];
    const blocked: Item[] = [];
    const written: Item[] = [];
    for (const { ord, fresh, inserted } of rows)
      (inserted ? written : fresh ? blocked : noted).push(items[ord]!);
    for (const { entry } of written) done.outcomes.push([entry, 'returned']);
    if (!hasId) this.requireSomeReady(written, rows[0]?.unready ?? 0);
    if (blocked.length > 0 && !hasId && items.length > 1) throw new SplitBatch();
    if (noted.length > 0) await this.lookUp(client, run, noted, done);
    if (blocked.length > 0) written.push(...(await this.resolve(client, run, blocked, done)));
    await this.restoreBeside(client, run, items, done);
    if (hasId) await this.requireReady(client, run, written);
    return done;
  }

  /** The plan has tried a few; this holds for each: a row that no worker would take is not called returned. */
  private async requireReady(client: Client, run: string, written: readonly Item[]): Promise<void> {
    if (!judgesReady(this.plan) || written.length === 0) return;
    const { rows } = await client.query(
      this.sql.ready,
      parameters(this.plan, written[0]!.stream, run, written),
    );
    const left: BatchOutcome['left'] = [];
    for (const { ord, ready, values } of rows) {
      const item = written[ord]!;
      if (ready || !isDue(item)) continue;
      left.push([item.entry, `its row would not be ready ${notReadyText(this.plan, values)}`]);
    }
    if (left.length > 0) throw new NotReady(left);
  }

  /** Without an id nobody can tell which row is whose: the batch is halved until one is left. */
  private requireSomeReady(written: readonly Item[], unready: number): void {
    if (!judgesReady(this.plan) || unready <= written.filter((item) => !isDue(item)).length) return;
    if (written.length > 1) throw new SplitBatch();
    throw new NotReady([[written[0]!.entry, `its row would not be ready ${notReadyText(this.plan, {})}`]]);
  }

  /** What stands in other tables of a row that is back. */
  private async restoreBeside(
    client: Client,
    run: string,
    items: readonly Item[],
    { outcomes }: BatchOutcome,
  ): Promise<void> {
    if (this.sql.restored.length === 0) return;
    const entries = new Set(outcomes.filter(([, outcome]) => outcome === 'returned').map(([id]) => id));
    const back = items.filter(({ entry, hasId }) => hasId && entries.has(entry));
    if (back.length === 0) return;
    const values = parameters(this.plan, back[0]!.stream, run, back);
    for (const text of this.sql.restored) await client.query(text, values);
  }

  /** Entries that the ledger knows: given back before, by this run or another one. */
  private async lookUp(client: Client, run: string, items: Item[], done: BatchOutcome): Promise<void> {
    const { rows } = await client.query(
      `SELECT entry_id, digest, run, outcome FROM ${this.ledger.name} WHERE stream = $1 AND entry_id = ANY($2::text[])`,
      [items[0]!.stream, items.map(({ entry }) => entry)],
    );
    const known = new Map(rows.map((row) => [row.entry_id as string, row]));
    for (const { entry, digest } of items) {
      const row = known.get(entry);
      if (row?.digest === digest) done.outcomes.push([entry, row.run === run ? row.outcome : 'known']);
      else done.left.push([entry, `ledger ${this.ledger.name} has another entry of this id`]);
    }
  }

  /** Rows that the table would not take, because something of them is there already. Returns those it has updated. */
  private async resolve(client: Client, run: string, items: Item[], done: BatchOutcome): Promise<Item[]> {
    const found = items[0]!.hasId ? await this.lookAt(client, run, items) : new Map<number, Found>();
    const settled: Item[] = [];
    const there: Item[] = [];
    const refused: string[] = [];
    items.forEach((item, i) => {
      const why = refusal(this.plan, item, found.get(i));
      if (why !== undefined) {
        done.left.push([item.entry, why]);
        refused.push(item.entry);
      } else (found.get(i)!.done ? settled : there).push(item);
    });
    if (settled.length > 0)
      await client.query(this.sql.update, parameters(this.plan, items[0]!.stream, run, settled));
    for (const { entry } of settled) done.outcomes.push([entry, 'returned']);
    for (const { entry } of there) done.outcomes.push([entry, 'there']);
    await this.correct(
      client,
      items[0]!.stream,
      refused,
      there.map(({ entry }) => entry),
    );
    return settled;
  }

  private async lookAt(client: Client, run: string, items: Item[]): Promise<Map<number, Found>> {
    const { rows } = await client.query(this.sql.look, parameters(this.plan, items[0]!.stream, run, items));
    return new Map(rows.map((row) => [row.ord as number, row as Found]));
  }

  /** The ledger says what has happened: nothing of what was refused, `there` of what was there. */
  private async correct(client: Client, stream: string, refused: string[], there: string[]): Promise<void> {
    const where = 'WHERE stream = $1 AND entry_id = ANY($2::text[])';
    if (refused.length > 0) await client.query(`DELETE FROM ${this.ledger.name} ${where}`, [stream, refused]);
    if (there.length > 0)
      await client.query(`UPDATE ${this.ledger.name} SET outcome = 'there' ${where}`, [stream, there]);
  }
}
