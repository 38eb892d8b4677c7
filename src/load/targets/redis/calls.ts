import type { RedisConnection } from '../../../backends/redis/index.ts';
import { CallPipe } from './call-pipe.ts';

/** Calls of one connection, answered in order: integers as numbers, texts as bytes, null for nothing. */
export interface Calls {
  /** Rejects with an Error whose text is the reply, or where the connection is lost or not there. */
  call(command: string, ...words: readonly (string | number | Buffer)[]): Promise<unknown>;
  /** Breaks the connection, as a network does. */
  cut(): void;
  close(): Promise<void>;
}

/** The connection is closed with its calls. */
export function callsOf(connection: RedisConnection): Calls {
  return connection.kind === 'cluster' ? new LibraryCalls(connection) : new CallPipe(connection);
}

/** Calls by the client library, as a cluster needs it: it follows redirections. */
class LibraryCalls implements Calls {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  call(command: string, ...words: (string | number | Buffer)[]): Promise<unknown> {
    return this.#connection.client.callBuffer(command, ...words);
  }

  cut(): void {
    const { client } = this.#connection;
    const nodes = 'nodes' in client ? client.nodes() : [client];
    for (const node of nodes) node.stream?.destroy();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
