import type { WebSocket } from '@fastify/websocket';
import type { LiveMessage, Snapshot } from '../../overview/index.ts';

/** One connection over which somebody watches. */
export class Viewer {
  #look: Pick<Snapshot, 'epoch' | 'seq'> | undefined;
  /** Pings since it was heard of last. */
  silent = 0;
  readonly #socket: WebSocket;
  readonly #isAllowed: () => boolean;
  readonly #hello: Buffer;
  #told = false;

  /**
   * @param hello what it is told first
   * @param isAllowed whether it may go on: its session may end
   */
  constructor(socket: WebSocket, hello: Extract<LiveMessage, { type: 'hello' }>, isAllowed: () => boolean) {
    this.#socket = socket;
    this.#hello = Buffer.from(JSON.stringify(hello));
    this.#isAllowed = isAllowed;
    socket.on('pong', () => {
      this.silent = 0;
    });
    // Answers to somebody who asks and never reads would wait in memory, one for each question.
    socket.on('ping', () => {
      if (!this.backedUp) socket.pong(() => undefined);
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

  /** Whether this is the newest look that it was sent: changes since can be put upon it. */
  has({ epoch, seq }: Pick<Snapshot, 'epoch' | 'seq'>): boolean {
    return this.#look?.epoch === epoch && this.#look.seq === seq;
  }

  /** It was passed over, and needs a whole snapshot. */
  forget(): void {
    this.#look = undefined;
  }

  /** The first message. */
  greet(): void {
    this.send(this.#hello);
  }

  sendLook(message: Buffer, { epoch, seq }: Snapshot): void {
    this.#look = { epoch, seq };
    this.send(message);
  }

  send(message: Buffer): void {
    this.#told = true;
    this.#socket.send(message, { binary: false }, () => undefined);
  }

  /** Asks whether it is still there. A page does not see that: it is greeted again where there was nothing to tell. */
  ping(): void {
    this.silent += 1;
    this.#socket.ping(() => undefined);
    if (!this.#told && !this.backedUp) this.greet();
    this.#told = false;
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
