import { ask, type Interrupt, refuseWithoutTerminal } from './confirm.ts';
import type { Context } from './context.ts';
import { printable } from './term/text.ts';

/** One of several answers. */
export interface Choice<T> {
  name: string;
  value: T;
  /** Of a list of which several may be taken: taken unless somebody says otherwise. */
  checked?: boolean;
}

/** Questions that have an answer where nobody is asked, too. */
export interface Asker {
  /** False: nobody is asked, every answer is the default. */
  readonly isAsking: boolean;
  /** @param validate says what is wrong, or true */
  input(message: string, usual: string, validate?: Validate): Promise<string>;
  /** The first choice is the default. */
  select<T>(message: string, choices: readonly Choice<T>[]): Promise<T>;
  checkbox<T>(message: string, choices: readonly Choice<T>[]): Promise<T[]>;
}

type Validate = (text: string) => string | true | Promise<string | true>;

/** See `asker` of the context. */
export async function openAsker(
  context: Context,
  interrupt: Interrupt,
  about: string,
  hint: string,
): Promise<Asker> {
  if (context.options.yes) return SILENT;
  refuseWithoutTerminal(context, about, hint);
  return onTerminal(context, interrupt);
}

const SILENT: Asker = {
  isAsking: false,
  input: async (_, usual) => usual,
  select: async (_, choices) => choices[0]!.value,
  checkbox: async (_, choices) => choices.filter(({ checked }) => checked).map(({ value }) => value),
};

function onTerminal(context: Context, interrupt: Interrupt): Asker {
  return {
    isAsking: true,
    async input(message, usual, validate) {
      const { default: prompt } = await import('@inquirer/input');
      const settings = { message: printable(message), default: usual, ...(validate && { validate }) };
      return (await ask(context, interrupt, (streams) => prompt(settings, streams))).trim();
    },
    async select(message, choices) {
      const { default: prompt } = await import('@inquirer/select');
      const settings = { message: printable(message), choices: choices.map(shown), loop: false };
      return ask(context, interrupt, (streams) => prompt(settings, streams));
    },
    async checkbox(message, choices) {
      const { default: prompt } = await import('@inquirer/checkbox');
      const settings = { message: printable(message), choices: choices.map(shown), loop: false };
      return ask(context, interrupt, (streams) => prompt(settings, streams));
    },
  };
}

/** Names come from databases and files of others. */
function shown<T>(choice: Choice<T>): Choice<T> {
  return { ...choice, name: printable(choice.name) };
}
