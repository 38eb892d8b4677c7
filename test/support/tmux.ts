import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findShell } from '../../scripts/ensure-shells.mjs';
import { tieToThisProcess } from './orphans.ts';
import { ownFolder, removeFolder } from './server-process.ts';
import { waitFor } from './wait.ts';

/** Why tests in tmux are skipped; an empty text where they are not. */
export const NO_TMUX = findShell('tmux') ? '' : 'no tmux on PATH, see scripts/ensure-shells.mjs';

/** A program in a terminal of its own, which somebody types at and looks at. */
export interface TmuxSession {
  /** As it is, without Enter. */
  type(text: string): Promise<void>;
  /** `Tab`, `Enter`, `C-u`, `Down`, as tmux names them. */
  press(...keys: string[]): Promise<void>;
  /** What is seen, without blanks at the ends of lines. */
  screen(): Promise<string>;
  /** Waits until the screen looks like this, and gives it back. */
  until(looks: RegExp | ((screen: string) => boolean), what?: string, timeoutMs?: number): Promise<string>;
  close(): Promise<void>;
}

/** What runs in the terminal, and how large that is. */
export interface TmuxOptions {
  argv: string[];
  /** The whole environment, but for what tmux itself sets. */
  env: Record<string, string>;
  cwd: string;
  columns?: number;
  rows?: number;
}

/** Starts a tmux of its own: it shares no server with anybody, and ends with this process. */
export async function openTmux({
  argv,
  env,
  cwd,
  columns = 100,
  rows = 24,
}: TmuxOptions): Promise<TmuxSession> {
  const folder = ownFolder('tmux');
  const tmux = (...args: string[]) =>
    promisify(execFile)(findShell('tmux')!.path, ['-f', '/dev/null', '-S', join(folder, 'socket'), ...args], {
      cwd,
      env: { ...env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8' },
    });
  await tmux('new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, '--', ...argv);
  const server = (await tmux('display-message', '-p', '#{pid}')).stdout.trim();
  tieToThisProcess(Number(server));
  const screen = async () => (await tmux('capture-pane', '-p')).stdout.replace(/ +$/gm, '').trimEnd();
  return {
    type: async (text) => void (await tmux('send-keys', '-l', '--', text)),
    press: async (...keys) => void (await tmux('send-keys', '--', ...keys)),
    screen,
    async until(looks, what = String(looks), timeoutMs = 30_000) {
      let seen = '';
      try {
        return await waitFor(
          async () => {
            seen = await screen();
            return (typeof looks === 'function' ? looks(seen) : looks.test(seen)) ? seen : '';
          },
          { what, timeoutMs, everyMs: 50 },
        );
      } catch (cause) {
        throw new Error(`${what} was not seen; the terminal shows:\n${seen}`, { cause });
      }
    },
    async close() {
      await tmux('kill-server').catch(() => undefined);
      await removeFolder(folder);
    },
  };
}

/** How to start one of the shells interactively, with nothing of this machine's settings but what HOME holds. */
export function shellCommand(name: 'bash' | 'zsh' | 'fish'): { argv: string[]; env: Record<string, string> } {
  const { path, tree } = findShell(name)!;
  if (name === 'bash') return { argv: [path, '--noprofile', '-i'], env: {} };
  if (name === 'zsh') return { argv: [path, '-d', '-i'], env: {} };
  const library =
    tree && execFileSync('sh', ['-c', `echo ${tree}/usr/lib/*-linux*`], { encoding: 'utf8' }).trim();
  return { argv: [path, '-i'], env: library ? { LD_LIBRARY_PATH: library } : {} };
}

/** What `.zshenv` has to say for a zsh that was only unpacked: where its modules and functions are. */
export function zshSettings(): string {
  const { tree } = findShell('zsh')!;
  if (!tree) return '';
  const functions = `${tree}/usr/share/zsh/functions`;
  return `module_path=(${tree}/usr/lib/*/zsh/*([1]))\nfpath=(${functions} ${functions}/**/*(/) $fpath)\n`;
}
