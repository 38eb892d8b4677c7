import type { WebSocket } from '@fastify/websocket';

/** One connection over which somebody watches. */
export class Viewer {
  /** `seq` of the newest look that it has been sent; undefined: it needs a whole snapshot. */
  seq: number | undefined;
  /** Pings since it was heard of last. */
  silent = 0;
  readonly #socket: WebSocket;
  readonly #isAllowed: () => boolean;

  /** @param isAllowed whether it may go on: its session may end */
  constructor(socket: WebSocket, isAllowed: () => boolean) {
    this.#socket = socket;
    this.#isAllowed = isAllowed;
    socket.on('pong', () => {
      this.silent = 0;
    });
    // Nothing is expected from a viewer, and nothing that it says is kept.
    socket.on('message', () => undefined);
    socket.on('error', () => socket.terminate());
  }

  /**
   * Whether what it was sent before is still on its way. Then it is sent nothing, so that never more than one message
   * waits in memory for a slow one.
   */
  get backedUp(): boolean {
    return this.#socket.bufferedAmount > 0;
  }

  get allowed(): boolean {
    return this.#isAllowed();
  }

  send(message: Buffer): void {
    this.#socket.send(message, { binary: false }, () => undefined);
  }

  ping(): void {
    this.silent += 1;
    this.#socket.ping(() => undefined);
  }

  /** Says good-bye; whoever does not answer is cut off a little later. */
  end(code: number, why: string): void {
    this.#socket.close(code, why);
    setTimeout(() => this.#socket.terminate(), LAST_WORDS_MS).unref();
  }

  cut(): void {
    this.#socket.terminate();
  }

  onClose(listener: () => void): void {
    this.#socket.once('close', listener);
  }
}

const LAST_WORDS_MS = 500;
