/** Another process has taken the lane over: this one gives up quietly. */
export class LaneGone extends Error {
  constructor() {
    super('another process has the lane');
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
