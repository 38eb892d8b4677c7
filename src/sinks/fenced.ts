/** Another process has taken the lane over; this one must leave it alone. */
export class LaneFenced extends Error {
  readonly lane: number;

  constructor(lane: number) {
    super(`lane ${lane} has been taken over`);
    this.lane = lane;
  }
}
