import type { Client } from 'pg';
import type { LaneRecord, Recovery } from '../source.ts';
import type { Located } from './candidates.ts';
import type { ClaimStatements } from './claim-sql.ts';

/** What a lane's new holder has found and done. */
export interface ClaimRecovery {
  recoveries: Recovery[];
  /** Held, and in no marker: claimed by an earlier holder and never appended. In order. */
  rest: Located[];
  /** Number of the last unit. */
  sequence: number;
}

/**
 * Settles what the target's markers name and the run still holds. Only the newest unit can be open: the
 * one before was settled before anything of it was appended.
 */
export async function recoverClaims(
  client: Client,
  sql: ClaimStatements,
  records: LaneRecord[],
): Promise<ClaimRecovery> {
  const held: Located[] = (await client.query(sql.held)).rows;
  const holding = new Set(held.map(({ id }) => id));
  const sequence = Math.max(0, ...records.map(unitOf));
  const newest = records.filter((record) => unitOf(record) === sequence);
  const open = new Map(newest.map((record) => [record, record.ids.filter((id) => holding.has(id))]));
  const ids = [...open.values()].flat();
  // A unit is settled in one statement: where some of it is left that has not happened, and what is
  // missing was taken away. Where nothing is left, it has.
  const settled = ids.length === 0 ? 0 : ((await client.query(sql.settleByIds, [ids])).rowCount ?? 0);
  let lost = ids.length - settled;
  const recoveries: Recovery[] = [];
  for (const record of records.filter((one) => one.ids.length > 0)) {
    const here = open.get(record)?.length ?? 0;
    const missed = Math.min(lost, here);
    lost -= missed;
    const suppressed = here - missed;
    const vanished = !open.has(record)
      ? 0
      : ids.length > 0
        ? record.ids.length - suppressed
        : await strays(client, sql, record);
    recoveries.push({ partition: record.partition, suppressed, vanished });
  }
  for (const id of ids) holding.delete(id);
  return { recoveries, rest: held.filter(({ id }) => holding.has(id)), sequence };
}

async function strays(client: Client, sql: ClaimStatements, { ids }: LaneRecord): Promise<number> {
  return (await client.query(sql.strays, [ids])).rows[0].n;
}

/** Tokens are `unit.part`. */
function unitOf({ token }: LaneRecord): number {
  return Number(token.split('.')[0] || 0);
}
