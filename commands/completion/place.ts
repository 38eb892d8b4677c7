import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from '../../src/config/environment.ts';

/** The shells that there is a script for, and its file in completions/. */
export const SCRIPTS = { bash: 'qctl.bash', zsh: '_qctl', fish: 'qctl.fish' } as const;
/** One of {@link SCRIPTS}. */
export type Shell = keyof typeof SCRIPTS;

/** Where a shell looks for completions, and what it needs to look there. */
export interface Place {
  file: string;
  /** What the shell reads when it starts; absent where nothing has to stand in it. */
  rc?: string;
  /** Lines that are missing there. */
  lines: string[];
  /** They belong before all else, so that what comes later finds them. */
  first?: true;
}

/** Where bash-completion lives; it loads scripts of users by their names. */
const BASH_COMPLETION = [
  '/usr/share/bash-completion/bash_completion',
  '/etc/bash_completion',
  '/usr/local/share/bash-completion/bash_completion',
  '/usr/local/etc/profile.d/bash_completion.sh',
  '/opt/homebrew/etc/profile.d/bash_completion.sh',
  '/run/current-system/sw/share/bash-completion/bash_completion',
];

/** Finds out where this user's shell looks. Reads its rc file, and runs nothing. */
export function placeOf(
  shell: Shell,
  env: Environment,
  libraries: readonly string[] = BASH_COMPLETION,
): Place {
  const home = env.HOME || homedir();
  if (shell === 'fish') return { file: fishFile(env, home), lines: [] };
  return shell === 'zsh' ? zshPlace(env, home) : bashPlace(env, home, libraries);
}

function fishFile(env: Environment, home: string): string {
  return join(folder(env.XDG_CONFIG_HOME, home, '.config'), 'fish', 'completions', 'qctl.fish');
}

function bashPlace(env: Environment, home: string, libraries: readonly string[]): Place {
  const data = folder(env.XDG_DATA_HOME, home, '.local/share');
  const file = join(env.BASH_COMPLETION_USER_DIR || join(data, 'bash-completion'), 'completions', 'qctl');
  const rc = join(home, '.bashrc');
  const loaded = libraries.some((library) => existsSync(library)) || mentions(rc, file, home);
  return { file, rc, lines: loaded ? [] : [`source ${quoted(file)}`] };
}

/** A folder of the user's that its rc file has put on fpath already is taken; else one is proposed. */
function zshPlace(env: Environment, home: string): Place {
  const rc = join(env.ZDOTDIR || home, '.zshrc');
  const own = ownFunctions(rc, home);
  if (own !== undefined) return { file: join(own, '_qctl'), rc, lines: [] };
  const functions = join(folder(env.XDG_DATA_HOME, home, '.local/share'), 'zsh', 'site-functions');
  const file = join(functions, '_qctl');
  if ((env.FPATH ?? '').split(':').includes(functions)) return { file, rc, lines: [] };
  const starts = /compinit|oh-my-zsh|zinit|antigen|zplug|prezto|zim/.test(activeText(rc));
  const lines = [
    `fpath=(${quoted(functions)} $fpath)`,
    ...(starts ? [] : ['autoload -Uz compinit && compinit']),
  ];
  return { file, rc, lines, first: true };
}

function ownFunctions(rc: string, home: string): string | undefined {
  const lists = activeText(rc).matchAll(/\bfpath\+?=\(([^)]*)\)/g);
  const folders = [...lists].flatMap(([, list]) => list!.split(/\s+/).map((word) => plain(word, home)));
  return folders.find((path) => path.startsWith(`${home}/`) && !path.includes('$'));
}

/** Without comments; empty where there is no such file. */
function activeText(rc: string): string {
  if (!existsSync(rc)) return '';
  return readFileSync(rc, 'utf8').replace(/^\s*#.*$/gm, '');
}

function mentions(rc: string, file: string, home: string): boolean {
  return activeText(rc)
    .split(/\s+/)
    .some((word) => plain(word, home) === file);
}

/** A word of an rc file without its quotes, the home folder put in. */
function plain(word: string, home: string): string {
  return word.replace(/["']/g, '').replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/)/, home);
}

function folder(given: string | undefined, home: string, usual: string): string {
  return given && isAbsolute(given) ? given : join(home, usual);
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
