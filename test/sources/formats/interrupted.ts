import { PostgresSource } from '../../../src/sources/postgres/index.ts';
import type { PostgresSpec } from '../../../src/sources/postgres/spec.ts';
import { isPause } from '../../../src/sources/source.ts';
import { uniqueName } from '../../support/shared.ts';

/**
 * Claims up to `limit` rows as a run does and then loses the session, as at a kill -9. What is returned
 * takes them back, as `--fresh` lets an abandoned run do.
 */
export async function interruptedClaim(url: string, spec: PostgresSpec, limit: number) {
  const source = await PostgresSource.open({ url }, spec);
  const run = uniqueName('run');
  const options = { run, lane: 0, lanes: 1, batch: limit };
  const reader = source.reader(options);
  await reader.recover([], '1');
  const batch = await reader.read(limit);
  const claimed = isPause(batch) ? [] : batch.messages().map(({ id }) => id);
  await reader.rollback();
  return {
    claimed,
    async release(): Promise<number> {
      const next = source.reader(options);
      await next.recover([], '2');
      const released = (await next.release?.()) ?? 0;
      await next.close();
      await source.endRun(run);
      await source.close();
      return released;
    },
  };
}
