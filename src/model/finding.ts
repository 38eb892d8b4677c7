/** Something that a preflight found. A blocker refuses the run, the others are said and it goes on. */
export interface Finding {
  level: 'blocker' | 'warning' | 'note';
  /** Stable UPPER_SNAKE name. */
  code: string;
  text: string;
  /** What to do about it. */
  remedy?: string;
}
