import type { Output } from './io.ts';

/** An output that keeps what is written. */
export interface CapturedOutput extends Output {
  /** All that was written. */
  readonly text: string;
}

/** Captures what is meant for another output; width, height and colours are those of that one. */
export function captureOutput(like: Output): CapturedOutput {
  let text = '';
  return {
    isTTY: like.isTTY,
    colour: like.colour,
    stream: like.stream,
    get columns() {
      return like.columns;
    },
    get rows() {
      return like.rows;
    },
    get closed() {
      return like.closed;
    },
    get failure() {
      return like.failure;
    },
    get text() {
      return text;
    },
    write(more) {
      text += more;
    },
  };
}
