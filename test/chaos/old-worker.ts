import pg from 'pg';

/** A worker of the source that nobody has stopped. */
export interface OldWorker {
  /** Ids that it has worked on, each time once. */
  worked: string[];
  stop(): Promise<void>;
}

/** Takes free rows of `alerts` as job libraries do, a few at a time, in short transactions. */
export async function startOldWorker(url: string, claimColumn: string): Promise<OldWorker> {
  const client = new pg.Client({ connectionString: url, application_name: 'old worker' });
  await client.connect();
  const worked: string[] = [];
  let working = true;
  const take = `DELETE FROM alerts WHERE id = ANY(ARRAY(
    SELECT id FROM alerts WHERE "${claimColumn}" IS NULL ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED)) RETURNING id`;
  const work = async (): Promise<void> => {
    while (working) {
      const { rows } = await client.query(take);
      worked.push(...rows.map((row) => String(row.id)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const done = work();
  done.catch(() => undefined);
  return {
    worked,
    stop: async () => {
      working = false;
      await done;
      await client.end();
    },
  };
}
