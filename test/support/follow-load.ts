import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';

const TICK_MS = 20;

/** A table that is filled while it is drained, and tells of every insert. */
export const FOLLOWED_TABLE = `
  CREATE TABLE alerts (id bigint PRIMARY KEY, payload text NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
  CREATE TABLE produced (id bigint PRIMARY KEY);
  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('new_alert', ''); RETURN NULL; END $$;
  CREATE TRIGGER tell AFTER INSERT ON alerts FOR EACH STATEMENT EXECUTE FUNCTION tell()`;

/** Each number exactly once, however often a statement whose answer was lost is sent again. */
const PRODUCE = `
  WITH new AS (INSERT INTO produced SELECT generate_series($1::bigint, $2::bigint) ON CONFLICT DO NOTHING RETURNING id)
  INSERT INTO alerts (id, payload) SELECT id, 'alert ' || id || repeat('.', 200) FROM new ORDER BY id`;

/** Something that goes on beside a drain. */
export interface Producer {
  /** The ids 1 to this have been committed. */
  sent(): number;
  stop(): Promise<void>;
}

/** Commits rows at a steady rate, through restarts of the server. */
export function startProducer(url: string, perSecond: number): Producer {
  let sent = 0;
  let stopping = false;
  const work = async (): Promise<void> => {
    const from = performance.now();
    let client: pg.Client | undefined;
    while (!stopping) {
      const due = Math.floor(((performance.now() - from) / 1000) * perSecond);
      try {
        client ??= await connect(url);
        // What a restart held up comes in pieces, as from many producers.
        const to = Math.min(due, sent + perSecond);
        if (to > sent) await client.query(PRODUCE, [sent + 1, to]);
        sent = Math.max(sent, to);
      } catch {
        client?.end().catch(() => undefined);
        client = undefined;
      }
      await sleep(TICK_MS);
    }
    await client?.end();
  };
  const ended = work();
  return {
    sent: () => sent,
    stop: () => {
      stopping = true;
      return ended;
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** What a consumer has been given. */
export interface Consumer {
  /** While true it reads nothing. */
  pause(paused: boolean): void;
  /** Different ids, and how many came more than once. */
  seen(): { ids: number; doubled: number; highest: number };
  stop(): Promise<void>;
}

/** Reads, acknowledges and deletes all that comes to a group, and remembers a bit for each id. */
export async function startConsumer(url: string, stream: string, most: number): Promise<Consumer> {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  await redis.xgroup('CREATE', stream, 'workers', '0', 'MKSTREAM');
  const bits = new Uint8Array(most + 1);
  const seen = { ids: 0, doubled: 0, highest: 0 };
  let [paused, stopping] = [false, false];
  const note = (id: number): void => {
    if (bits[id] === 1) seen.doubled += 1;
    else seen.ids += 1;
    bits[id] = 1;
    seen.highest = Math.max(seen.highest, id);
  };
  const take = async (): Promise<void> => {
    const reply = await redis.xreadgroup(
      'GROUP',
      'workers',
      'c',
      'COUNT',
      200,
      'BLOCK',
      200,
      'STREAMS',
      stream,
      '>',
    );
    const entries = (reply as [string, [string, string[]][]][] | null)?.[0]?.[1] ?? [];
    for (const [, fields] of entries) note(Number(fields[fields.indexOf('id') + 1]));
    const ids = entries.map(([id]) => id);
    if (ids.length > 0)
      await redis
        .multi()
        .xack(stream, 'workers', ...ids)
        .xdel(stream, ...ids)
        .exec();
  };
  const work = async (): Promise<void> => {
    while (!stopping) {
      if (paused) await sleep(TICK_MS);
      else await take();
    }
    redis.disconnect();
  };
  const ended = work();
  return {
    pause: (now) => {
      paused = now;
    },
    seen: () => ({ ...seen }),
    stop: () => {
      stopping = true;
      return ended;
    },
  };
}
