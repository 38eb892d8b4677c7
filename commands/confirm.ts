import { QctlError } from '../src/errors.ts';
import type { Context } from './context.ts';

/**
 * Asks for a yes. No is the default, so that a stray Enter does nothing.
 *
 * @param interrupt called when Ctrl-C is pressed at the question: it arrives as a key, not as a signal
 */
export async function confirm(
  context: Context,
  question: string,
  interrupt: (signal: 'SIGINT') => void,
): Promise<boolean> {
  if (context.options.yes) return true;
  if (!context.io.stdin.isTTY || !context.io.stderr.isTTY) throw needsYes(question);
  if (await ask(context, question, interrupt)) return true;
  throw new QctlError('declined', 'declined; nothing was done', { code: 'DECLINED' });
}

async function ask(
  context: Context,
  question: string,
  interrupt: (signal: 'SIGINT') => void,
): Promise<boolean> {
  const { default: prompt } = await import('@inquirer/confirm');
  const { stdin, stderr } = context.io;
  const streams = { input: stdin.stream, output: stderr.stream, signal: context.signal };
  return prompt({ message: question, default: false }, streams).catch((error: Error) => {
    if (error.name === 'ExitPromptError' && !context.signal.aborted) interrupt('SIGINT');
    throw context.signal.aborted ? new DOMException('stopped at the question', 'AbortError') : error;
  });
}

function needsYes(question: string): QctlError {
  return new QctlError('refused', `this needs a yes, and there is no terminal to ask on: ${question}`, {
    code: 'CONFIRMATION_NEEDED',
    hint: ['look at the plan with --dry-run, then run it again with --yes'],
  });
}
