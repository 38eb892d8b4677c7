import type { Client } from 'pg';
import { escapeIdentifier } from '../../backends/postgres/index.ts';
import { pause } from '../../model/patience.ts';
import { endSession } from './session.ts';

/** How often it makes sure that its session still lives: a connection may be lost without a word. */
const CHECK_MS = 15_000;
const ANSWER_MS = 10_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/** What a {@link Listener} works with. */
export interface ListenerOptions {
  channels: readonly string[];
  /** Opens a session of its own. */
  connect(): Promise<Client>;
  /** Called for every notification, and whenever some may have been missed. */
  onNotified(): void;
  /** Called with why it does not listen; null once it does. */
  onState(reason: string | null): void;
  /** Ends it. */
  signal: AbortSignal;
}

/** Listens for notifications in a session of its own, and connects again for as long as it takes. */
export class Listener {
  /** Whether notifications arrive at present. */
  listening = false;
  private readonly options: ListenerOptions;
  private readonly ended: Promise<void>;

  constructor(options: ListenerOptions) {
    this.options = options;
    this.ended = this.work();
  }

  /** Resolves once it has let go of its session; `signal` must have been aborted. */
  close(): Promise<void> {
    return this.ended;
  }

  private async work(): Promise<void> {
    const { signal, onNotified, onState } = this.options;
    let waitMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const lost = await this.listen(() => {
          waitMs = FIRST_PAUSE_MS;
        });
        if (!signal.aborted) onState(lost);
      } catch (error) {
        if (!signal.aborted) onState((error as Error).message);
      }
      this.listening = false;
      // Whoever rests in trust of a notification looks by itself from now on.
      onNotified();
      await pause(waitMs, signal);
      waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Listens until the session is lost or no more is wanted; returns why it was lost. */
  private async listen(onListening: () => void): Promise<string> {
    const { channels, connect, onNotified, onState, signal } = this.options;
    const client = await connect();
    let stop = (): void => undefined;
    const lost = new Promise<string>((resolve) => {
      client.on('error', (error) => resolve(error.message));
      client.on('end', () => resolve('the connection was lost'));
      stop = () => resolve('stopped');
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
    });
    try {
      client.on('notification', onNotified);
      for (const channel of channels) await client.query(`LISTEN ${escapeIdentifier(channel)}`);
      onListening();
      this.listening = true;
      onState(null);
      // What was notified before this moment was heard by nobody.
      onNotified();
      return await this.untilLost(client, lost);
    } finally {
      signal.removeEventListener('abort', stop);
      await endSession(client);
    }
  }

  private async untilLost(client: Client, lost: Promise<string>): Promise<string> {
    for (;;) {
      const reason = await Promise.race([lost, after(CHECK_MS, undefined)]);
      if (reason !== undefined) return reason;
      const answer = client.query('SELECT 1').then(
        () => undefined,
        (error: Error) => error.message,
      );
      const silent = await Promise.race([answer, lost, after(ANSWER_MS, 'the server does not answer')]);
      if (silent !== undefined) return silent;
    }
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value).unref());
}
