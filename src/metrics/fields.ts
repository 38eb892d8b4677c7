import { text } from '../config/schema.ts';

/** A stream, a partitioned stream by its own name, or a pattern. */
export const ofStream = { stream: text };
/** A group of a stream. */
export const ofGroup = { ...ofStream, group: text };
