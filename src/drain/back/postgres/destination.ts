import type { Client } from 'pg';
import { connectPostgres, isRetryablePostgres, postgresLabel } from '../../../backends/postgres/index.ts';
import { QctlError } from '../../../errors.ts';
import type { Finding } from '../../../model/finding.ts';
import { patiently } from '../../../model/patience.ts';
import { readTable } from '../../../sources/postgres/catalog.ts';
import { endSession, SESSION_SETTINGS } from '../../../sources/postgres/session.ts';
import type { Destination, Hand, Item, Trial } from '../destination.ts';
import type { BackTarget } from '../request.ts';
import { readColumns } from './columns.ts';
import { createLedger, findLedger, type Ledger } from './ledger.ts';
import { type RestorePlan, restorePlan } from './plan.ts';
import { backFindings, isDataError, parseExpressions, reasonOf, tryRows } from './preflight.ts';
import { type BatchOutcome, RowWriter, SplitBatch } from './rows.ts';

type Target = Extract<BackTarget, { kind: 'postgres' }>;

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
  private run = '';

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
    return { findings: await tryRows(await this.connected(), this.writer, this.plan, items) };
  }

  async prepare(run: string): Promise<void> {
    this.run = run;
    await createLedger(await this.connected(), this.ledger);
  }

  async deliver(items: readonly Item[], hand: Hand): Promise<void> {
    for (const batch of alike(items)) await this.carry(batch, hand);
  }

  async count(run: string): Promise<number | null> {
    const client = await this.connected();
    const { rows } = await client.query(
      `SELECT count(*)::float8 AS n FROM ${this.ledger.name} WHERE run = $1`,
      [run],
    );
    return rows[0].n;
  }

  notes(): string[] {
    return [];
  }

  async close(): Promise<void> {
    await this.client?.end().catch(() => undefined);
  }

  /** A batch of which the table refuses something is halved until it is known what. */
  private async carry(items: readonly Item[], hand: Hand): Promise<void> {
    let done: BatchOutcome;
    try {
      done = await this.patiently(hand, (client) => this.writer.write(client, this.run, items));
    } catch (error) {
      if (!(error instanceof SplitBatch) && !isDataError(error)) throw error;
      if (items.length === 1)
        return hand.leave([[items[0]!.entry, `the table refuses it: ${reasonOf(error)}`]]);
      const half = items.length >> 1;
      await this.carry(items.slice(0, half), hand);
      return this.carry(items.slice(half), hand);
    }
    if (done.left.length > 0) await hand.leave(done.left);
    if (done.outcomes.length > 0) await hand.ack(done.outcomes);
  }

  private patiently<T>(hand: Hand, action: (client: Client) => Promise<T>): Promise<T> {
    const reason = (error: unknown): string | undefined => {
      const why = isRetryablePostgres(error);
      return why === undefined ? undefined : `${this.label}: ${why}`;
    };
    return patiently(hand, 'destination', reason, async () => {
      try {
        return await action(await this.connected());
      } catch (error) {
        if (isRetryablePostgres(error) !== undefined) await this.drop();
        throw error;
      }
    });
  }

  private async connected(): Promise<Client> {
    this.client ??= await session(this.target, this.run);
    return this.client;
  }

  private async drop(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (client) await endSession(client);
  }
}

async function session(target: Target, run = ''): Promise<Client> {
  const applicationName = run === '' ? 'qctl' : `qctl/${run}`.slice(0, 63);
  const client = await connectPostgres({ ...target.connection, applicationName });
  await client.query(SESSION_SETTINGS);
  return client;
}

function requireId({ spec, columns, table }: RestorePlan): void {
  const unknown = spec.id.find((name) => !columns.has(name));
  if (unknown === undefined) return;
  throw new QctlError('config', `id: table ${table.name} has no column ${unknown}`, {
    code: 'COLUMN_NOT_FOUND',
    hint: [`its columns are ${[...columns.keys()].join(', ')}`],
  });
}

/** Parts of a page that one statement can take: all with an id or all without, and no id twice. */
function alike(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  let ids = new Set<string>();
  for (const item of items) {
    const part = parts.at(-1);
    if (part && part[0]!.hasId === item.hasId && !(item.hasId && ids.has(item.message.id))) part.push(item);
    else {
      parts.push([item]);
      ids = new Set();
    }
    if (item.hasId) ids.add(item.message.id);
  }
  return parts;
}
