import { Chalk, type ChalkInstance } from 'chalk';
import type { Output } from './io.ts';

const plain = new Chalk({ level: 0 });
const coloured = new Chalk({ level: 1 });

/** The chalk instance of a stream: sixteen colours, which follow the user's theme, or none. */
export function colourOf(output: Output): ChalkInstance {
  return output.colour ? coloured : plain;
}
