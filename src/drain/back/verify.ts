import { connectPostgres, type PostgresOptions } from '../../backends/postgres/index.ts';
import type { RedisConnection } from '../../backends/redis/index.ts';
import { QctlError } from '../../errors.ts';
import { readTable } from '../../sources/postgres/catalog.ts';
import type { PostgresSpec } from '../../sources/postgres/spec.ts';
import { viewRun } from '../membership.ts';
import { RunStore } from '../run-store.ts';
import { asBack, type BackManifest } from './attach.ts';
import { remainingOf } from './conclude.ts';
import { NOTHING_SEEN } from './lane-tools.ts';
import { lookAtGroup } from './look.ts';
import { type BackReport, makeBackReport } from './report.ts';
import { readBackTotals } from './totals.ts';

/**
 * Looks at both sides of a way back once more: the group has nothing left of it, and the ledger has every
 * entry that was acknowledged. Changes nothing.
 *
 * @param postgres undefined: the ledger is not looked at
 */
export async function verifyBack(
  redis: RedisConnection,
  run: string,
  postgres: PostgresOptions | undefined,
): Promise<BackReport> {
  const record = await new RunStore(redis.client).require(run);
  const manifest = asBack(record.manifest);
  if (!manifest)
    throw new QctlError('usage', `run ${run} is no way back`, {
      code: 'RUN_KIND',
      hint: ['qctl drain list shows the runs and where they go'],
    });
  const { stream, partitions } = manifest.target;
  const { group, from } = manifest.back;
  const source = { stream, partitions, group, from: from ?? undefined };
  const look = await lookAtGroup(redis, { ...source, connection: {} });
  const { alive } = await viewRun(redis.client, run);
  const totals = await readBackTotals(redis.client, manifest);
  return makeBackReport({
    manifest,
    state: record.state === 'running' && alive.size === 0 ? 'stopped' : record.state,
    totals,
    ending: null,
    elapsedMs: null,
    takenByThisProcess: null,
    alive: alive.size,
    remaining: await remainingOf(redis, source, look),
    // What went back is acknowledged as well, and no consumer has finished it.
    finished: look.finished === null ? null : Math.max(0, look.finished - totals.acknowledged),
    destinationCount: postgres ? await ledgerCount(postgres, manifest) : null,
    guarantee: manifest.back.to === 'postgres' ? 'exactly-once' : 'at-least-once',
    seen: structuredClone(NOTHING_SEEN),
    findings: [],
    destinationNotes: [],
  });
}

async function ledgerCount(options: PostgresOptions, manifest: BackManifest): Promise<number | null> {
  const { ledger, destination } = manifest.back;
  if (ledger === null) return null;
  const client = await connectPostgres(options);
  try {
    const table = await readTable(client, manifest.spec as PostgresSpec);
    if (`postgres:${table.database}/${table.name}` !== destination)
      throw new QctlError(
        'refused',
        `run ${manifest.run} has gone back to another table than ${table.name} of this server`,
        {
          code: 'OTHER_SOURCE',
          hint: ['connect to the one that it has gone back to'],
        },
      );
    const { rows } = await client.query(`SELECT count(*)::float8 AS n FROM ${ledger} WHERE run = $1`, [
      manifest.run,
    ]);
    return rows[0].n;
  } finally {
    await client.end().catch(() => undefined);
  }
}
