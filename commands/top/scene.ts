import type { OpenedLetter, Overview, Snapshot } from '../../src/overview/index.ts';
import type { StreamDetail } from '../../src/streams/index.ts';
import type { Output } from '../term/io.ts';
import type { Place } from './place.ts';

/** What was asked for to open something: as it came last, and why nothing newer did. */
export interface Detail {
  streams?: readonly StreamDetail[];
  letters?: readonly OpenedLetter[];
  /** Null: there is none of that id any more. */
  letter?: OpenedLetter | null;
  /** Why the last look failed. */
  why?: string;
}

/** All that views are made of. */
export interface Scene extends Pick<Overview, 'streamHistory' | 'redisHistory'> {
  snapshot: Snapshot;
  /** Undefined until it has been asked for. */
  detail(place: Place): Detail | undefined;
  /** Width and colour that texts are made for. */
  output: Output;
  now: Date;
}

/** The same terminal for a text of another width. */
export function sized(output: Output, change: { columns: number; colour?: boolean }): Output {
  return { ...output, rows: output.rows, colour: change.colour ?? output.colour, columns: change.columns };
}
