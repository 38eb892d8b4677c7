/** What a delivery is. `seq` is -1 where the message is not of this run. */
export interface Seen {
  seq: number;
  /** How often the group got it, this time included; 15 at most. */
  times: number;
}

/** The times of a message that a group has processed for the first time. */
export interface Trip {
  dueMs: number;
  sentMs: number;
  /** 0: its confirmation has not been seen yet. */
  storedMs: number;
}
