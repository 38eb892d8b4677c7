import type { Client } from 'pg';
import type { TableFacts } from './catalog.ts';

/**
 * A row with a lower id can become visible after one with a higher id: numbers are given at INSERT,
 * rows show at COMMIT. So copy mode goes in windows: it notes the highest row it can see, then which
 * transactions hold a writer's lock on the table or on its sequences, and reads up to that row only
 * once all of those have ended. Whoever starts writing later gets numbers above the window.
 */
export interface Window {
  to: string[];
  waitingFor: string[];
}

/** `virtualtransaction` names a transaction for good; prepared transactions have one as well. */
const WRITERS = `
  SELECT DISTINCT l.virtualtransaction AS id,
         coalesce('pid ' || l.pid || coalesce(' (' || a.application_name || ', ' || a.state || ' since ' ||
           to_char(now() - a.xact_start, 'HH24:MI:SS') || ')', ''), 'a prepared transaction') AS holder
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY($1::oid[])
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
     AND l.pid IS DISTINCT FROM pg_backend_pid()`;

const RELATIONS = `
  WITH RECURSIVE tables(oid) AS (
    SELECT $1::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tables t ON i.inhparent = t.oid)
  SELECT oid::int8 AS oid FROM tables
  UNION SELECT d.objid::int8 FROM pg_depend d JOIN tables t ON d.refobjid = t.oid
           JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' WHERE d.classid = 'pg_class'::regclass
  UNION SELECT d.refobjid::int8 FROM pg_attrdef f JOIN tables t ON f.adrelid = t.oid
           JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
           JOIN pg_class c ON c.oid = d.refobjid AND c.relkind = 'S'`;

/** Looks which transactions may still bring rows into a part of the table that is visible already. */
export class Horizon {
  private readonly client: Client;
  private readonly relations: string[];

  private constructor(client: Client, relations: string[]) {
    this.client = client;
    this.relations = relations;
  }

  static async of(client: Client, table: TableFacts): Promise<Horizon> {
    const rows = (await client.query(RELATIONS, [table.oid])).rows as { oid: string }[];
    return new Horizon(
      client,
      rows.map((row) => row.oid),
    );
  }

  /** Opens the window below what `highest` returns; undefined where the table holds no ready row. */
  async open(highest: string): Promise<Window | undefined> {
    const { rows } = await this.client.query({ text: highest, rowMode: 'array' });
    if (rows.length === 0) return undefined;
    const writers = await this.writers();
    return { to: rows[0] as string[], waitingFor: writers.map((writer) => writer.id) };
  }

  /** Who still holds the window back; undefined once nobody does. */
  async heldBackBy(window: Window): Promise<string | undefined> {
    if (window.waitingFor.length === 0) return undefined;
    const writers = (await this.writers()).filter((writer) => window.waitingFor.includes(writer.id));
    window.waitingFor = writers.map((writer) => writer.id);
    return writers[0]?.holder;
  }

  private async writers(): Promise<{ id: string; holder: string }[]> {
    return (await this.client.query(WRITERS, [this.relations])).rows;
  }
}
