import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm, confirmTyped } from '../../commands/confirm.ts';
import type { Context } from '../../commands/context.ts';

/** A terminal on which an answer is typed as soon as a question stands there; `drawn` is what it shows. */
function terminal(answer: string): { context: Context; drawn: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let drawn = '';
  output.on('data', (chunk) => {
    if (drawn === '') setImmediate(() => input.write(`${answer}\n`));
    drawn += chunk;
  });
  const io = { stdin: { isTTY: true, stream: input }, stderr: { isTTY: true, stream: output } };
  const context = { options: { yes: false }, io, signal: new AbortController().signal };
  return { context: context as unknown as Context, drawn: () => drawn };
}

const NAME = 'w\x1b]0;pwned\x07\x1b[2J';

test('the name of a group cannot redraw the question that somebody answers', async () => {
  const { context, drawn } = terminal('y');
  expect(await confirm(context, `Claim 2 entries of ${NAME}?`, () => undefined)).toBe(true);
  expect(drawn()).toContain('Claim 2 entries of w');
  expect(drawn()).not.toContain('\x1b]0;');
  expect(drawn()).not.toContain('\x07');
});

test('nor the one that is answered by typing it', async () => {
  const { context, drawn } = terminal('orders');
  await confirmTyped(context, 'orders', `Delete 2 dead letters from ${NAME}?`, () => undefined);
  expect(drawn()).not.toContain('\x1b]0;');
});
