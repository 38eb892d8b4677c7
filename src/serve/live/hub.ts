import { setImmediate as nextTurn } from 'node:timers/promises';
import { redactText } from '../../config/redact.ts';
import {
  changesBetween,
  type LiveMessage,
  type Overview,
  type Seen,
  type Snapshot,
} from '../../overview/index.ts';
import type { Viewer } from './viewer.ts';

/** How a {@link Hub} deals with viewers. */
export interface HubOptions {
  maxViewers: number;
  pingMs: number;
}

/** Codes of a WebSocket's end. */
export const CLOSE = { goingAway: 1001, loggedOut: 4401 } as const;

const SILENT_PINGS = 3;
const AT_ONCE = 10;

/**
 * Tells all viewers of each look. What is told is made once for all of them, and only while there is somebody. Whoever
 * is behind, new or slow, is sent a whole snapshot; whoever is silent is let go of.
 */
export class Hub {
  readonly #viewers = new Set<Viewer>();
  readonly #overview: Pick<Overview, 'seen' | 'subscribe'>;
  readonly #options: HubOptions;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  /** What those who are not behind have been told. */
  #last: Look | undefined;
  #next: Seen | undefined;
  #telling = false;

  constructor(overview: Pick<Overview, 'seen' | 'subscribe'>, options: HubOptions) {
    this.#overview = overview;
    this.#options = options;
    this.#unsubscribe = overview.subscribe((seen) => void this.#tell(seen));
    this.#timer = setInterval(() => this.#ping(), options.pingMs);
    this.#timer.unref();
  }

  get isFull(): boolean {
    return this.#viewers.size >= this.#options.maxViewers;
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** It is told all that is known, and from then on of each look. */
  add(viewer: Viewer): void {
    viewer.onClose(() => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#last = undefined;
    });
    this.#viewers.add(viewer);
    viewer.greet();
    const { snapshot, away } = this.#overview.seen();
    if (snapshot) {
      this.#last ??= lookOf(snapshot);
      viewer.sendLook(this.#last.whole(), this.#last.snapshot);
    }
    if (away) viewer.send(awayBytes(away));
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#timer);
    for (const viewer of this.#viewers) viewer.end(CLOSE.goingAway, 'the server stops');
  }

  /** One look after the other: where telling all takes longer than an interval, those in between are left out. */
  async #tell(seen: Seen): Promise<void> {
    this.#next = seen;
    if (this.#telling) return;
    this.#telling = true;
    try {
      while (this.#next && this.#viewers.size > 0) {
        const { snapshot, away } = this.#next;
        this.#next = undefined;
        if (away) await this.#tellAway(away);
        else if (snapshot) await this.#tellLook(snapshot);
      }
    } finally {
      this.#telling = false;
    }
  }

  async #tellLook(snapshot: Snapshot): Promise<void> {
    const from = this.#last?.snapshot;
    if (from?.epoch === snapshot.epoch && from.seq === snapshot.seq) return;
    const { whole } = lookOf(snapshot);
    this.#last = { snapshot, whole };
    const changes = lazily(() => bytesOf({ type: 'changes', ...changesBetween(from!, snapshot) }));
    await this.#each((viewer) => {
      // It came while others were told.
      if (viewer.has(snapshot)) return;
      const follows = from?.epoch === snapshot.epoch && viewer.has(from);
      viewer.sendLook(follows ? changes() : whole(), snapshot);
    });
  }

  #tellAway(away: NonNullable<Seen['away']>): Promise<void> {
    const message = awayBytes(away);
    return this.#each((viewer) => viewer.send(message));
  }

  /** Some at a time: to hand many megabytes to the network would hold up all who ask for something meanwhile. */
  async #each(tell: (viewer: Viewer) => void): Promise<void> {
    let told = 0;
    for (const viewer of this.#viewers) {
      if (viewer.backedUp) viewer.forget();
      else tell(viewer);
      told += 1;
      if (told % AT_ONCE === 0) await nextTurn();
    }
  }

  #ping(): void {
    for (const viewer of this.#viewers) {
      if (!viewer.allowed) viewer.end(CLOSE.loggedOut, 'the session has ended');
      else if (viewer.silent >= SILENT_PINGS) viewer.cut();
      else viewer.ping();
    }
  }
}

/** A look, and the message that tells of all of it, made once. */
interface Look {
  snapshot: Snapshot;
  whole: () => Buffer;
}

function lookOf(snapshot: Snapshot): Look {
  return { snapshot, whole: lazily(() => bytesOf({ type: 'snapshot', snapshot })) };
}

function awayBytes(away: NonNullable<Seen['away']>): Buffer {
  return bytesOf({ type: 'away', away: { ...away, why: redactText(away.why) } });
}

function bytesOf(message: LiveMessage): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** Made when it is asked for, and once. */
function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
