import { QctlError } from '../src/errors.ts';
import type { Context } from './context.ts';
import { printable } from './term/text.ts';

/** Called when Ctrl-C is pressed at the question: it arrives as a key, not as a signal. */
export type Interrupt = (signal: 'SIGINT') => void;

/** Asks for a yes. No is the default, so that a stray Enter does nothing. */
export async function confirm(
  context: Context,
  question: string,
  interrupt: Interrupt,
  hint?: string,
): Promise<boolean> {
  if (context.options.yes) return true;
  refuseWithoutTerminal(context, question, hint);
  const { default: prompt } = await import('@inquirer/confirm');
  const yes = await ask(context, interrupt, (streams) =>
    prompt({ message: printable(question), default: false }, streams),
  );
  if (yes) return true;
  throw declined('declined; nothing was done');
}

/**
 * Asks for a yes while something runs, whatever `--yes` says. Undefined where there is no terminal.
 * Rejects with an AbortError where `taken` is aborted: somebody else has answered.
 */
export async function askMeanwhile(
  context: Context,
  question: string,
  interrupt: Interrupt,
  taken: AbortSignal,
): Promise<boolean | undefined> {
  if (!canAsk(context)) return undefined;
  const { default: prompt } = await import('@inquirer/confirm');
  // A line that moves would draw over the question.
  context.onQuestion?.(true);
  return ask(context, interrupt, ({ signal, ...streams }) =>
    prompt(
      { message: printable(question), default: false },
      { ...streams, signal: AbortSignal.any([signal, taken]) },
    ),
  ).finally(() => context.onQuestion?.(false));
}

/** Asks for a text to be typed, for what a stray `y` must not start. */
export async function confirmTyped(
  context: Context,
  expected: string,
  question: string,
  interrupt: Interrupt,
): Promise<void> {
  if (context.options.yes) return;
  refuseWithoutTerminal(context, question);
  const { default: prompt } = await import('@inquirer/input');
  const wanted = printable(expected);
  const message = `${printable(question)} Type ${wanted} to go on:`;
  const typed = await ask(context, interrupt, (streams) => prompt({ message }, streams));
  if (typed !== wanted && typed.trim() !== wanted)
    throw declined(`what was typed is not ${wanted}; nothing was done`);
}

/** Where a prompt reads and draws, and what ends it. */
export interface PromptStreams {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  signal: AbortSignal;
}

/** Shows a prompt. Rejects with an AbortError where the operator stops it. */
export async function ask<T>(
  { io, signal }: Context,
  interrupt: Interrupt,
  prompt: (streams: PromptStreams) => Promise<T>,
): Promise<T> {
  const streams = { input: io.stdin.stream, output: io.stderr.stream, signal };
  return prompt(streams).catch((error: Error) => {
    if (error.name === 'AbortPromptError' && !signal.aborted)
      throw new DOMException('answered elsewhere', 'AbortError');
    if (error.name === 'ExitPromptError' && !signal.aborted) interrupt('SIGINT');
    throw signal.aborted ? new DOMException('stopped at the question', 'AbortError') : error;
  });
}

/** Whether there is a terminal to ask on. */
export function canAsk({ io }: Pick<Context, 'io'>): boolean {
  return io.stdin.isTTY && io.stderr.isTTY;
}

function declined(message: string): QctlError {
  return new QctlError('declined', message, {
    code: 'DECLINED',
    hint: ['--dry-run shows the plan and asks nothing'],
  });
}

/** Throws `refused` CONFIRMATION_NEEDED where there is no terminal to ask on. */
export function refuseWithoutTerminal(
  { io }: Context,
  question: string,
  hint = 'look at the plan with --dry-run, then run it again with --yes',
): void {
  if (canAsk({ io })) return;
  throw new QctlError('refused', `this needs a yes, and there is no terminal to ask on: ${question}`, {
    code: 'CONFIRMATION_NEEDED',
    hint: [hint],
  });
}
