import { type ForgottenOverride, forgottenOverrides } from '../../src/breaker/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import type { Context } from '../context.ts';
import { printable } from '../term/text.ts';
import type { ShownBreaker } from './chosen.ts';
import { secondText } from './standing-text.ts';

/**
 * Shouts about overrides that somebody may have forgotten. `--quiet` does not silence it: such an override stands
 * there because nobody has read of it.
 */
export function warnForgotten({ io }: Pick<Context, 'io'>, breakers: readonly ShownBreaker[]): void {
  for (const one of forgottenOverrides(breakers)) io.stderr.write(forgottenWarning(one));
}

/** The line of one of them, with the command that ends it. */
export function forgottenWarning(forgotten: ForgottenOverride): string {
  return `qctl: warning: ${printable(forgottenText(forgotten))}\n`;
}

/** `breaker mail is held open for 2d3h by …, until released: REASON; if that is over: qctl breaker release mail`. */
export function forgottenText({ name, override, ageMs }: ForgottenOverride): string {
  const { mode, by, host, reason, untilMs } = override;
  const until = untilMs === null ? 'until released' : `until ${secondText(untilMs)}`;
  const held = `is held ${mode} for ${formatDuration(ageMs)} by ${by}@${host}, ${until}: ${reason}`;
  return `breaker ${name} ${held}; if that is over: ${releaseCommand(name)}`;
}

/** The command that takes an override away. */
export function releaseCommand(name: string): string {
  return `qctl breaker release ${shellWord(name)}`;
}
