import { randomBytes } from 'node:crypto';
import { digestOf } from './compare.ts';

/** One browser that has logged in. */
export interface Session {
  /** Name of the user; `token` where the token was given. */
  who: string;
  /** What it is known by inside; the cookie holds something else. */
  id: string;
  expiresMs: number;
}

const LASTS_MS = 12 * 3_600_000;
const MOST = 1000;

/** How long a session lasts, in seconds, as the cookie says it. */
export const SESSION_SECONDS = LASTS_MS / 1000;

/** Sessions of browsers, in memory alone: after a restart everybody logs in anew. The oldest makes room. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns the cookie's value, which is not kept */
  open(who: string): string {
    for (const [id, { expiresMs }] of this.#sessions) {
      if (expiresMs > this.#now() && this.#sessions.size < MOST) break;
      this.#sessions.delete(id);
    }
    const cookie = randomBytes(32).toString('base64url');
    const id = idOf(cookie);
    this.#sessions.set(id, { who, id, expiresMs: this.#now() + LASTS_MS });
    return cookie;
  }

  find(cookie: string): Session | undefined {
    const session = this.#sessions.get(idOf(cookie));
    return session && session.expiresMs > this.#now() ? session : undefined;
  }

  /** Whether it goes on: neither expired nor ended. */
  isOpen({ id }: Session): boolean {
    const session = this.#sessions.get(id);
    return session !== undefined && session.expiresMs > this.#now();
  }

  end({ id }: Session): void {
    this.#sessions.delete(id);
  }
}

function idOf(cookie: string): string {
  return digestOf(cookie).toString('base64url');
}
