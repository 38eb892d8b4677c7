import type pg from 'pg';
import { sessionOf } from './describe.ts';

/** What one turn of a worker did: the id of the job that it worked on; null: it found none. */
export type Turn = (session: pg.Client, worker: number) => Promise<string | null>;

/**
 * Workers of the library, each in a session of its own, beside something else until that is done.
 *
 * @returns what the other did, and the ids of the jobs that the workers worked on
 */
export async function beside<T>(
  url: string,
  turn: Turn,
  work: () => Promise<T>,
  workers = 2,
): Promise<{ result: T; worked: string[] }> {
  const worked: string[] = [];
  let over = false;
  const loops = Array.from({ length: workers }, async (_, worker) => {
    const session = await sessionOf(url);
    try {
      while (!over) {
        const id = await turn(session, worker);
        if (id === null) await new Promise((resolve) => setTimeout(resolve, 5));
        else worked.push(id);
      }
    } finally {
      await session.end();
    }
  });
  const result = await work().finally(() => {
    over = true;
  });
  await Promise.all(loops);
  return { result, worked };
}

/** One turn in a transaction of its own. */
export async function transaction<T>(session: pg.Client, work: () => Promise<T>): Promise<T> {
  await session.query('BEGIN');
  try {
    const result = await work();
    await session.query('COMMIT');
    return result;
  } catch (error) {
    await session.query('ROLLBACK');
    throw error;
  }
}
