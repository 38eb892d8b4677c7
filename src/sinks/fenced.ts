/** Another process has taken the lane over; this one must leave it alone. */
export class LaneFenced extends Error {
  readonly lane: number;
  /** The fence that stands there: whoever wants the lane needs a higher one. */
  readonly fence: string;

  constructor(lane: number, fence: string) {
    super(`lane ${lane} has been taken over`);
    this.lane = lane;
    this.fence = fence;
  }
}

/** The number of a fence, which reads `number|member`. */
export function fenceNumber(fence: string): number {
  return Number.parseInt(fence, 10) || 0;
}
