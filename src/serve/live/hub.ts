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
  #last: Snapshot | undefined;

  constructor(overview: Pick<Overview, 'seen' | 'subscribe'>, options: HubOptions) {
    this.#overview = overview;
    this.#options = options;
    this.#unsubscribe = overview.subscribe((seen) => this.#tell(seen));
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
      this.#last ??= snapshot;
      viewer.send(bytesOf({ type: 'snapshot', snapshot: this.#last }));
      viewer.seq = this.#last.seq;
    }
    if (away) viewer.send(awayBytes(away));
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#timer);
    for (const viewer of this.#viewers) viewer.end(CLOSE.goingAway, 'the server stops');
  }

  #tell({ snapshot, away }: Seen): void {
    if (this.#viewers.size === 0) return;
    if (away) {
      this.#tellAway(away);
      return;
    }
    const from = this.#last;
    if (!snapshot || (from?.epoch === snapshot.epoch && from.seq === snapshot.seq)) return;
    this.#last = snapshot;
    const changes = lazily(() => bytesOf({ type: 'changes', ...changesBetween(from!, snapshot) }));
    const whole = lazily(() => bytesOf({ type: 'snapshot', snapshot }));
    for (const viewer of this.#viewers) {
      if (viewer.backedUp) {
        viewer.seq = undefined;
        continue;
      }
      const follows = from?.epoch === snapshot.epoch && viewer.seq === from.seq;
      viewer.send(follows ? changes() : whole());
      viewer.seq = snapshot.seq;
    }
  }

  #tellAway(away: NonNullable<Seen['away']>): void {
    const message = awayBytes(away);
    for (const viewer of this.#viewers) if (!viewer.backedUp) viewer.send(message);
  }

  #ping(): void {
    for (const viewer of this.#viewers) {
      if (!viewer.allowed) viewer.end(CLOSE.loggedOut, 'the session has ended');
      else if (viewer.silent >= SILENT_PINGS) viewer.cut();
      else viewer.ping();
    }
  }
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
