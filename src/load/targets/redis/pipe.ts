import type { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { type RedisConnection, waitUntilReady } from '../../../backends/redis/index.ts';

/** What a {@link Pipe} tells. */
export interface PipeEvents {
  /** Makes what reads the replies of a connection, from its first byte on. */
  reader(): { read(piece: Buffer): void };
  /** The connection is gone, and with it the replies of what was written. */
  lost(): void;
  /** It is there, for the first time or again. */
  up(): void;
}

/**
 * A connection of which the calls are written by whoever has it, already as the protocol wants them: the client
 * library logs in, finds the primary and connects again, and its parser is left out of the way of each message.
 */
export class Pipe {
  readonly #connection: RedisConnection;
  readonly #events: PipeEvents;
  readonly #closing = new AbortController();
  #socket: Socket | undefined;

  /** @param connection of one server, of its own: it is closed with the pipe */
  constructor(connection: RedisConnection, events: PipeEvents) {
    this.#connection = connection;
    this.#events = events;
    this.#takeOver();
    connection.client.on('ready', () => void this.#comeBack());
  }

  get up(): boolean {
    return this.#socket !== undefined;
  }

  /** Only while it is up. */
  write(calls: Buffer): void {
    this.#socket?.write(calls);
  }

  cut(): void {
    this.#socket?.destroy();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#socket = undefined;
    await this.#connection.close();
  }

  /** The login is answered before the first call of ours. */
  async #comeBack(): Promise<void> {
    const { signal } = this.#closing;
    await waitUntilReady(this.#connection, { signal }).catch(() => undefined);
    if (!signal.aborted && !this.#socket && this.#connection.client.status === 'ready') this.#takeOver();
  }

  #takeOver(): void {
    const socket = (this.#connection.client as Redis).stream as Socket;
    const reader = this.#events.reader();
    socket.removeAllListeners('data');
    socket.on('data', (piece: Buffer) => {
      if (this.#socket === socket) reader.read(piece);
    });
    socket.once('close', () => this.#lose(socket));
    this.#socket = socket;
    this.#events.up();
  }

  #lose(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#events.lost();
  }
}
