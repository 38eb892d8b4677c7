import type { Figure } from '../figure.ts';

/** One type of messages, and whether it can be moved by itself. */
export interface TypeReport {
  type: string | null;
  ready: Figure;
  /** Of all ready messages, 0 to 1; null where it is not known. */
  share: number | null;
  running: Figure;
  scheduled: Figure;
  dead: Figure;
  oldestAt: string | null;
  attempts: number | null;
  /** Bytes of a body: half of them and 99 of 100 are smaller; null where none was sampled. */
  medianBytes: number | null;
  p99Bytes: number | null;
  movable: boolean;
  /** Place in the order in which types are best moved, from 1: the least risk first. */
  place: number;
  risk: 'low' | 'medium' | 'high';
  /** Why it is not movable, or what makes the risk; each as a clause. */
  reasons: string[];
}
