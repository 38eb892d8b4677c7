import type { Client } from 'pg';
import {
  connectPostgres,
  type PostgresOptions,
  postgresLabel,
  toSourceError,
} from '../../../backends/postgres/index.ts';
import type { QctlError } from '../../../errors.ts';
import { endSession } from '../../../sources/postgres/session.ts';
import { consumerEnded, ofTarget } from '../errors.ts';

/** What a session is opened with. */
export interface SessionOptions {
  connection: PostgresOptions;
  /** Statements that each new session begins with. */
  settings?: string;
  /** Called with each new session. */
  onOpen?: (client: Client) => void;
}

/** One session at a time; a new one where the last was lost. */
export class Session {
  readonly label: string;
  readonly #options: SessionOptions;
  #client: Client | undefined;
  #opening: Promise<Client> | undefined;
  #ended = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.label = postgresLabel(options.connection);
  }

  /** True while there is a session that has not been lost. */
  get alive(): boolean {
    return this.#client !== undefined;
  }

  /** Throws a QctlError where the server cannot be reached. */
  open(): Promise<Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Breaks the connection, as a network does. */
  cut(): void {
    const { connection } = (this.#client ?? {}) as { connection?: { stream?: { destroy(): void } } };
    connection?.stream?.destroy();
  }

  /** No further session is opened. */
  kill(): void {
    this.#ended = true;
    this.cut();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#opening?.catch(() => undefined);
    if (this.#client) await endSession(this.#client);
  }

  /** An error of a statement, as it may be shown. */
  error(error: unknown, doing: string): QctlError {
    return ofTarget(toSourceError(error, this.label, doing));
  }

  async #open(): Promise<Client> {
    if (this.#ended) throw consumerEnded();
    const { connection, settings, onOpen } = this.#options;
    const client = await connectPostgres(connection).catch((error) => {
      throw this.error(error, 'connect to postgres');
    });
    const lost = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on('error', lost);
    client.on('end', lost);
    this.#client = client;
    // Whoever was killed or closed meanwhile must not keep it.
    if (this.#ended) this.cut();
    onOpen?.(client);
    if (settings) await client.query(settings).catch((error) => this.#refused(client, error));
    return client;
  }

  async #refused(client: Client, error: unknown): Promise<never> {
    await endSession(client);
    throw this.error(error, 'prepare a session');
  }
}
