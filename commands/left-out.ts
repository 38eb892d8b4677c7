import { plural } from '../src/model/plural.ts';
import type { Context } from './context.ts';
import { grouped } from './term/number.ts';

/** Says that some things were passed over because nobody can name them; a list must not look whole. */
export function noteLeftOut(
  { io, options }: Pick<Context, 'io' | 'options'>,
  count: number,
  what: 'stream' | 'group' | 'consumer',
): void {
  if (count === 0 || options.quiet) return;
  const names = count === 1 ? 'name is' : 'names are';
  io.stderr.write(`qctl: left out: ${grouped(count)} ${plural(count, what)} whose ${names} no UTF-8 text\n`);
}
