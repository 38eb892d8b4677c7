/** How fast one process will drain, and what keeps it from being faster. */
export interface Pace {
  /** Messages a second. */
  perSecond: number;
  bottleneck: 'source' | 'target' | 'processor' | 'round trips' | 'limit of the queue';
  /** The measurements that it rests on, as a clause. */
  why: string;
}
