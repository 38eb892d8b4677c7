import { readFile } from 'node:fs/promises';
import { SCRIPTS, type Shell } from './place.ts';

/** The completion script of a shell. */
export function readScript(shell: Shell): Promise<string> {
  return readFile(new URL(`${FOLDER}${SCRIPTS[shell]}`, import.meta.url), 'utf8');
}

// The bundle lies in dist/, beside completions/; this file one folder deeper.
const FOLDER = import.meta.url.endsWith('/commands/completion/script.ts')
  ? '../../completions/'
  : '../completions/';
