/** What decides whether a stream is coloured. */
export interface ColourInputs {
  env: Record<string, string | undefined>;
  /** `--no-color` was given. */
  noColour: boolean;
  isTTY: boolean;
}

/** FORCE_COLOR > --no-color > NO_COLOR > TERM=dumb > whether it is a terminal. */
export function decideColour({ env, noColour, isTTY }: ColourInputs): boolean {
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (noColour || env.NO_COLOR || env.QCTL_NO_COLOR) return false;
  return env.TERM !== 'dumb' && isTTY;
}
