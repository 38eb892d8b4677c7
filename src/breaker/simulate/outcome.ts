/** One call, as it went or as it would have gone. */
export interface Outcome {
  /** When it began, in ms; never before the one that came before it. */
  atMs: number;
  ok: boolean;
  /** Null: it takes no time. */
  durationMs: number | null;
  /** True: slow by any measure. Otherwise the duration decides. */
  slow: boolean;
  /** The process that makes it. */
  instance: string;
}
