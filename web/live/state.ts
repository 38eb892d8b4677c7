import { applyChanges } from '../../src/overview/changes.ts';
import type { LiveMessage, Seen, Snapshot } from '../../src/overview/index.ts';

/** `lost`: there is no connection to `qctl serve`; `login`: it wants to know who asks. */
export type Link = 'connecting' | 'live' | 'lost' | 'login';

/** What the page knows just now. Moments are ms by the clock of this computer. */
export interface Live {
  link: Link;
  /** When the next attempt is made; null while one is under way or none is needed. */
  retryAtMs: number | null;
  version: string | null;
  actions: { csrfToken: string } | null;
  snapshot: Snapshot | null;
  away: Seen['away'];
  /** When the newest look arrived; null before the first. */
  heardAtMs: number | null;
}

/** Before anything is known. */
export const NOTHING: Live = {
  link: 'connecting',
  retryAtMs: null,
  version: null,
  actions: null,
  snapshot: null,
  away: null,
  heardAtMs: null,
};

/** What follows from a message; undefined where it does not fit what is known: one was missed, start anew. */
export function heard(live: Live, message: LiveMessage, nowMs: number): Live | undefined {
  switch (message.type) {
    case 'hello':
      return { ...live, version: message.version, actions: message.actions };
    case 'snapshot':
      return { ...live, snapshot: message.snapshot, away: null, heardAtMs: nowMs };
    case 'changes': {
      const { snapshot } = live;
      if (snapshot?.epoch !== message.epoch || snapshot.seq !== message.since) return undefined;
      return { ...live, snapshot: applyChanges(snapshot, message), away: null, heardAtMs: nowMs };
    }
    case 'away':
      return { ...live, away: message.away };
    default:
      // A newer server may tell more than this page knows.
      return live;
  }
}

/** How old what is shown is, and whether that is more than its interval explains. */
export function ageOf(live: Live, nowMs: number): { ageMs: number; old: boolean } | null {
  if (!live.snapshot || live.heardAtMs === null) return null;
  const since = live.away ? Math.min(live.heardAtMs, Date.parse(live.snapshot.at)) : live.heardAtMs;
  const ageMs = Math.max(0, nowMs - since);
  const patience = Math.max(LEAST_PATIENCE_MS, 3 * live.snapshot.intervalMs);
  return { ageMs, old: live.away !== null || live.link !== 'live' || ageMs > patience };
}

const LEAST_PATIENCE_MS = 5000;
