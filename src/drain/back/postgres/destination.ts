import type { Client } from 'pg';
import { isRetryablePostgres, postgresLabel } from '../../../backends/postgres/index.ts';
import { QctlError } from '../../../errors.ts';
import type { Finding } from '../../../model/finding.ts';
import { readTable } from '../../../sources/postgres/catalog.ts';
import { endSession } from '../../../sources/postgres/session.ts';
import type { Courier, Destination, Item, Trial } from '../destination.ts';
import { readColumns } from './columns.ts';
import { PostgresCourier } from './courier.ts';
import { createLedger, findLedger, type Ledger } from './ledger.ts';
import { type RestorePlan, restorePlan } from './plan.ts';
import { backFindings, parseExpressions, tryRows } from './preflight.ts';
import { RowWriter } from './rows.ts';
import { session, type Target } from './session.ts';

/** A table that takes its messages back, each exactly once: row and ledger are written in one transaction. */
export class PostgresDestination implements Destination {
  readonly kind = 'postgres';
  readonly label: string;
  readonly identity: string;
  readonly findings: Finding[];
  readonly ledger: Ledger;
  private readonly target: Target;
  private readonly plan: RestorePlan;
  private readonly writer: RowWriter;
  private client: Client | undefined;

  private constructor(
    target: Target,
    client: Client,
    plan: RestorePlan,
    ledger: Ledger,
    findings: Finding[],
  ) {
    this.target = target;
    this.client = client;
    this.plan = plan;
    this.ledger = ledger;
    this.findings = findings;
    this.label = `${postgresLabel(target.connection)} ${plan.table.name}`;
    this.identity = `postgres:${plan.table.database}/${plan.table.name}`;
    this.writer = new RowWriter(plan, ledger);
  }

  /** Connects, reads the catalogue and checks the description. Changes nothing. */
  static async open(target: Target): Promise<PostgresDestination> {
    const client = await session(target);
    try {
      const table = await readTable(client, target.spec);
      const plan = restorePlan(target.spec, table, await readColumns(client, table));
      requireId(plan);
      const ledger = await findLedger(client, table, target.ledgerTable);
      const findings = await backFindings(client, plan, ledger);
      const opened = new PostgresDestination(target, client, plan, ledger, findings);
      if (!findings.some(({ level }) => level === 'blocker'))
        await parseExpressions(client, opened.writer, plan);
      return opened;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  get promise(): string {
    const columns = this.plan.assignments.map(({ column }) => column).join(', ');
    return `exactly once: each row (${columns}) and its entry in ledger ${this.ledger.name} in one transaction`;
  }

  async trial(items: readonly Item[]): Promise<Trial> {
    if (this.findings.some(({ level }) => level === 'blocker')) return { findings: [] };
    return { findings: await this.asking((client) => tryRows(client, this.writer, this.plan, items)) };
  }

  async prepare(): Promise<void> {
    await this.asking((client) => createLedger(client, this.ledger));
  }

  courier(run: string): Courier {
    return new PostgresCourier(this.target, this.label, this.writer, run);
  }

  async count(run: string): Promise<number | null> {
    const text = `SELECT count(*)::float8 AS n FROM ${this.ledger.name} WHERE run = $1`;
    return (await this.asking((client) => client.query(text, [run]))).rows[0].n;
  }

  notes(): string[] {
    return [];
  }

  async close(): Promise<void> {
    await this.client?.end().catch(() => undefined);
  }

  /** A session that was lost is replaced the next time. */
  private async asking<T>(question: (client: Client) => Promise<T>): Promise<T> {
    this.client ??= await session(this.target);
    const { client } = this;
    try {
      return await question(client);
    } catch (error) {
      if (isRetryablePostgres(error) !== undefined) {
        this.client = undefined;
        await endSession(client);
      }
      throw error;
    }
  }
}

function requireId({ spec, columns, table }: RestorePlan): void {
  const unknown = spec.id.find((name) => !columns.has(name));
  if (unknown === undefined) return;
  throw new QctlError('config', `id: table ${table.name} has no column ${unknown}`, {
    code: 'COLUMN_NOT_FOUND',
    hint: [`its columns are ${[...columns.keys()].join(', ')}`],
  });
}
