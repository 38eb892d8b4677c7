import { type Hash, movesMadeBy, parseSettings, parseShared, toHash } from './parse.ts';
import type { SettingsInForce, Shared, Transition } from './view.ts';

/** What the scripts `sync`, `admit`, `settle` and `restore` reply. */
export type SnapshotReply = [
  now: string,
  state: string[],
  override: string[],
  config: string[],
  last: number,
];

/** Replies are on their way for unequal times: by less than this the clock of Redis was not set back. */
const UNEQUAL_MS = 5000;

/** What one process knows of a breaker that it shares, as of the last reply. */
export class Replica {
  private state: Hash = {};
  private override: Hash = {};
  private config: Hash = {};
  private receivedAt = performance.now();
  private newestMs = 0;
  /** Highest version of a move that this process was told it had made. */
  private toldVersion = 0;
  shared: Shared = parseShared(Date.now(), {}, {});
  inForce: SettingsInForce = parseSettings({});
  /** False before the first reply. */
  known = false;

  /**
   * The time of Redis, as far as it can be told from here: ms since 1970. It goes back only where Redis was set back: else
   * what has just opened would have longer to go than it may, and let a call through at once.
   */
  nowMs(): number {
    const told = this.shared.nowMs + (performance.now() - this.receivedAt);
    if (told > this.newestMs || told < this.newestMs - UNEQUAL_MS) this.newestMs = told;
    return this.newestMs;
  }

  /** True where Redis has lost a change that this process has seen. */
  isBehind([, state]: SnapshotReply): boolean {
    return this.known && Number(toHash(state).seq ?? 0) < this.shared.seq;
  }

  /** What a Redis that has lost it is told. */
  memory(): { state: Hash; override: Hash; config: Hash } {
    return { state: this.state, override: this.override, config: this.config };
  }

  /** Takes in a reply. Returns the moves that this process has made and was not told of before. */
  apply([now, state, override, config]: SnapshotReply, instance: string): Transition[] {
    this.receivedAt = performance.now();
    this.known = true;
    this.state = toHash(state);
    this.override = toHash(override);
    if (config.length > 0) {
      this.config = toHash(config);
      this.inForce = parseSettings(this.config);
    }
    this.shared = parseShared(Number(now), this.state, this.override);
    const moves = movesMadeBy(instance, this.state).filter(({ version }) => version > this.toldVersion);
    this.toldVersion = Math.max(this.toldVersion, ...moves.map(({ version }) => version));
    return moves;
  }
}
