import type { Seen } from './overview.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * What a viewer is told over the WebSocket, one JSON text a message. After `snapshot` come `changes`, each on top of
 * the one with the `seq` before; whoever missed one is sent a `snapshot` again. `hello` is the first, and comes again
 * where there was nothing to tell for 10 s. Nothing is expected from the viewer.
 */
export type LiveMessage =
  | {
      type: 'hello';
      version: string;
      /** Whether this viewer may act, and the token that each action has to carry. */
      actions: { csrfToken: string } | null;
    }
  | { type: 'snapshot'; snapshot: Snapshot }
  | ({ type: 'changes' } & Changes)
  /** Redis is away: what was shown is old. Sent again with each failed look. */
  | { type: 'away'; away: NonNullable<Seen['away']> };

/** What has changed since the look with the number before. */
export interface Changes {
  epoch: string;
  seq: number;
  /** `seq` of the snapshot that these lie upon. */
  since: number;
  /**
   * Rows that are new or different by more than their ages: those of the other rows, and of dead letters where these are
   * not among the parts, have grown by the time between the two `at`. `applyChanges` knows that.
   */
  streams: Snapshot['streams'];
  /** Names of streams that are gone. */
  gone: string[];
  /** All else that differs, whole. */
  parts: Partial<Omit<Snapshot, 'streams'>>;
}
