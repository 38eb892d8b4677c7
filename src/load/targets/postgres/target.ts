import type { Client } from 'pg';
import { networkCode, within } from '../../../backends/network.ts';
import { escapeIdentifier, type PostgresOptions, sqlState } from '../../../backends/postgres/index.ts';
import { READER_SETTINGS } from '../../../sources/postgres/session.ts';
import type { LoadProfile } from '../../profile/profile.ts';
import type { PostgresTargetProfile } from '../../profile/target-schema.ts';
import type { LoadDoors } from '../../run-types.ts';
import type { BackendSample, Consumer, LoadTarget, Producer, ProducerEvents } from '../target.ts';
import { PostgresConsumer } from './consumer.ts';
import { PostgresProducer } from './producer.ts';
import { Session } from './session.ts';
import { createSql, type QueueTable, queueTable, sampleSql } from './table.ts';

const CONTROL_SETTINGS = "SET statement_timeout = '10s'; SET lock_timeout = '10s'";
/** Of a server that does not even notice that a statement takes too long. */
const LONGEST_ANSWER_MS = 12_000;
/** A claim must go along the index from its beginning, whatever the statistics of a table say that was just made. */
const CONSUMER_SETTINGS = `${READER_SETTINGS}; SET jit = off`;

/**
 * A queue in a table of PostgreSQL under load: `SCHEMA.qctl_load_RUN`, always the run's own, and dropped in `close`. A
 * run that is killed leaves its table. Such a one can be found by its name, and its comment says when the run began:
 * `SELECT relname, obj_description(oid) FROM pg_class WHERE relname LIKE 'qctl\_load\_%' AND relkind = 'r'`; nobody but
 * the run needs it, so that it may be dropped.
 *
 * Settings of the server, of its database and of the role hold, such as synchronous_commit. In order are messages of a
 * key where one consumer takes them; several take parts that overtake each other.
 *
 * @param run its id
 * @throws QctlError of the doors; `target`, `auth` or `config` where the server cannot be reached
 */
export async function openPostgresTarget(
  profile: LoadProfile,
  target: PostgresTargetProfile,
  run: string,
  doors: LoadDoors,
): Promise<LoadTarget> {
  const options = await doors.postgres(target.source);
  const connection = { ...options, applicationName: `qctl/${run}`.slice(0, 63) };
  const control = new Session({ connection, settings: CONTROL_SETTINGS });
  const version = await serverVersion(control);
  return new PostgresTarget(profile, target, run, connection, control, version);
}

async function serverVersion(control: Session): Promise<string> {
  const client = await control.open();
  const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
  return `postgres ${rows[0]!.server_version.split(' ')[0]}`;
}

class PostgresTarget implements LoadTarget {
  readonly kind = 'postgres';
  readonly label: string;
  readonly name: string;
  readonly version: string;
  readonly own = true;
  readonly groups = 1;
  readonly ordered: boolean;
  readonly #profile: LoadProfile;
  readonly #target: PostgresTargetProfile;
  readonly #run: string;
  readonly #connection: PostgresOptions;
  readonly #control: Session;
  readonly #table: QueueTable;
  /** Whether there may be a table of the run. */
  #made = false;

  constructor(
    profile: LoadProfile,
    target: PostgresTargetProfile,
    run: string,
    connection: PostgresOptions,
    control: Session,
    version: string,
  ) {
    this.#profile = profile;
    this.#target = target;
    this.#run = run;
    this.#connection = connection;
    this.#control = control;
    this.#table = queueTable(target.schema, run);
    this.label = control.label;
    this.name = this.#table.label;
    this.version = version;
    this.ordered = profile.consumers.count <= 1;
  }

  async prepare(): Promise<void> {
    this.#made = true;
    try {
      await this.#ask(createSql(this.#table, this.#run, new Date()), `make table ${this.name}`);
    } catch (error) {
      // What the server has refused is not there, or is somebody else's.
      this.#made = sqlState(error) === undefined || !this.#control.alive;
      throw error;
    }
  }

  async producer(_at: number, events: ProducerEvents): Promise<Producer> {
    const { batch, inFlight } = this.#profile.producers;
    const session = new Session({ connection: this.#connection });
    await session.open();
    return new PostgresProducer(
      { session, table: this.#table, notify: this.#target.notify, batch: Math.min(batch, inFlight) },
      events,
    );
  }

  async consumer(): Promise<Consumer> {
    let session!: Session;
    const consumer = new PostgresConsumer({
      table: this.#table,
      claimAfterMs: this.#profile.consumers.claimAfter,
      pollMs: this.#target.poll,
      session: (onNotified) => {
        session = this.#consumerSession(onNotified);
        return session;
      },
    });
    await session.open();
    return consumer;
  }

  async sample(): Promise<BackendSample> {
    const rows = await this.#ask(sampleSql(this.#table), `look at table ${this.name}`);
    const { length, lag, pending, bytes } = rows[0] as Record<'length' | 'lag' | 'pending' | 'bytes', number>;
    return {
      length,
      lag,
      pending,
      memoryBytes: null,
      memoryShare: null,
      queueBytes: bytes,
      cpuSeconds: null,
    };
  }

  async close(): Promise<void> {
    try {
      if (this.#made)
        await this.#ask(`DROP TABLE IF EXISTS ${this.#table.quoted}`, `drop table ${this.name}, which stays`);
    } finally {
      await this.#control.end();
    }
  }

  #consumerSession(onNotified: () => void): Session {
    const listen = this.#target.notify ? `; LISTEN ${escapeIdentifier(this.#table.channel)}` : '';
    return new Session({
      connection: this.#connection,
      settings: `${CONSUMER_SETTINGS}${listen}`,
      onOpen: (client: Client) => void client.on('notification', onNotified),
    });
  }

  async #ask(sql: string, doing: string): Promise<unknown[]> {
    try {
      const client = await this.#control.open();
      return (await within(client.query(sql), LONGEST_ANSWER_MS)).rows;
    } catch (error) {
      // A server that is stopped would hold all later questions, too.
      if (networkCode(error) === 'ETIMEDOUT') this.#control.cut();
      throw this.#control.error(error, doing);
    }
  }
}
