/** Another process has taken the lane over: this one gives up quietly. */
export class LaneGone extends Error {
  /** The fence that stands there; '' where it was not told. */
  readonly by: string;

  constructor(by: string) {
    super('another process has the lane');
    this.by = by;
  }
}

/** Redis has forgotten the lane, and with it perhaps entries: nothing more may be done. */
export class LaneLost extends Error {
  readonly stream: string;

  constructor(stream: string) {
    super(`what this run has in hand of ${stream} is not recorded any more`);
    this.stream = stream;
  }
}
