import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { release, tieToThisProcess } from './orphans.ts';
import { cleanEnvironment } from './qctl.ts';
import { VirtualScreen } from './screen.ts';
import { ownFolder } from './server-process.ts';
import { waitFor } from './wait.ts';

const BINARY = fileURLToPath(new URL('../../bin/qctl.js', import.meta.url));

/** `qctl` in a pseudo-terminal, with a shell around it that outlives it. */
export interface QctlTerminal {
  /** What somebody sees; of the shell's own screen nothing is kept. */
  readonly screen: VirtualScreen;
  /** Of qctl itself. */
  pid(): Promise<number>;
  type(keys: string): void;
  /** As a window that is dragged. */
  resize(columns: number, rows: number): void;
  /** Takes the terminal away, as when a window is closed. */
  hangUp(): void;
  /** The exit code, and whether the terminal is as a shell needs it. */
  readonly done: Promise<{ code: number | null; usable: boolean }>;
}

// Traps are the shell's own: what it starts gets signals as always.
const SHELL = `trap : INT QUIT
stty rows "$ROWS" cols "$COLUMNS"
tty > "$FOLDER/tty"
sh -c 'echo $$ > "$FOLDER/pid"; exec "$NODE" "$BINARY" "$@"' sh "$@"
code=$?
stty -a > "$FOLDER/stty"
exit $code`;

/** Starts the built `bin/qctl.js` with util-linux' `script` for a terminal. */
export function openTerminal(
  args: readonly string[],
  { columns, rows, env = {} }: { columns: number; rows: number; env?: Record<string, string> },
): QctlTerminal {
  const folder = ownFolder('terminal');
  const words = [SHELL, 'sh', ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const child = spawn('script', ['-q', '-e', '-f', '-c', `exec sh -c ${words.join(' ')}`, '/dev/null'], {
    env: {
      ...{ ...cleanEnvironment(), TERM: 'xterm-256color', SHELL: '/bin/sh', FOLDER: folder },
      ...{ NODE: process.execPath, BINARY, COLUMNS: String(columns), ROWS: String(rows), ...env },
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  tieToThisProcess(child.pid);
  const screen = new VirtualScreen(columns, rows);
  child.stdout.on('data', (data: Buffer) => screen.write(data));
  child.stdin.on('error', () => {});
  const file = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
  return {
    screen,
    pid: async () => Number(await waitFor(() => file('pid'), { what: 'the id of the process' })),
    type: (keys) => void child.stdin.write(keys),
    resize(wide, high) {
      screen.resize(wide, high);
      execFileSync('stty', ['-F', file('tty'), 'rows', String(high), 'cols', String(wide)]);
    },
    hangUp: () => void child.kill('SIGKILL'),
    done: ended(child, () => /(?<!-)icanon\b/.test(file('stty')) && /(?<!-)\becho\b/.test(file('stty'))),
  };
}

function ended(child: ChildProcess, usable: () => boolean): QctlTerminal['done'] {
  return new Promise((resolve) => {
    child.once('close', (code) => {
      release(child.pid);
      resolve({ code, usable: code !== null && usable() });
    });
  });
}
