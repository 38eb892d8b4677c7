import { readFileSync } from 'node:fs';
import { splitShellWords } from './shell-words.ts';

/** A command line of qctl that a page shows. */
export interface ShownCommand {
  /** As it stands there, without prompt and comment, its lines joined. */
  line: string;
  /** The words behind `qctl`. */
  args: string[];
  /** The file that `< FILE` gives it. */
  input?: string;
}

const PROMPT = /^(\$ )?(?=qctl )/;
/** What a page says beside a command: behind a hash, or behind a gap. */
const REMARK = / +# .*$| {3,}[^ -].*$/;

/** The fenced blocks of a page, with their language. */
export function fencesOf(markdown: string): { language: string; text: string }[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

/** The command lines of qctl in the fences of a page, in order. */
export function commandsOf(path: string): ShownCommand[] {
  const fences = fencesOf(readFileSync(path, 'utf8'));
  return fences.flatMap(({ text }) => commandsIn(text));
}

/** The command lines in one block: those that begin with `qctl`, with a prompt or without. */
export function commandsIn(text: string): ShownCommand[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.filter((line) => PROMPT.test(line)).map((line) => read(line.replace(PROMPT, '')));
}

function read(whole: string): ShownCommand {
  const line = whole.replace(REMARK, '').trimEnd();
  const words = splitShellWords(line);
  const from = words.indexOf('<');
  if (from < 0) return { line, args: words.slice(1) };
  return { line, args: words.slice(1, from), input: words[from + 1] };
}
