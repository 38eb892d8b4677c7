import type { MaintainConfig } from '../config/maintain-schema.ts';

/** Parts of the work on one stream, in the order in which they are done; the last is about its dead letters. */
export const STREAM_PARTS = ['deadLetter', 'claim', 'reap', 'trim', 'expire'] as const;
/** See {@link STREAM_PARTS}. All of them are destructive, and off unless somebody switches them on. */
export type StreamPart = (typeof STREAM_PARTS)[number];

/** All parts of maintenance, as `maintain:` of qctl.yaml names them; the first three are on by default. */
export const PARTS = ['scheduled', 'breakers', 'leftovers', ...STREAM_PARTS] as const;
/** See {@link PARTS}. */
export type Part = (typeof PARTS)[number];

/** True for a part that takes something away or gives it to somebody else. */
export function isStreamPart(part: Part): part is StreamPart {
  return (STREAM_PARTS as readonly Part[]).includes(part);
}

/** What an operator says on the command line about the parts. */
export interface PartChoice {
  /** These alone, whatever the configuration says. */
  only?: readonly Part[];
  skip?: readonly Part[];
}

/** The parts that are on, in their order. */
export function chooseParts(config: MaintainConfig, { only, skip = [] }: PartChoice): Set<Part> {
  const on = (part: Part) => only?.includes(part) ?? config[part] ?? !isStreamPart(part);
  return new Set(PARTS.filter((part) => on(part) && !skip.includes(part)));
}
