import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { release, tieToThisProcess } from './orphans.ts';

/** Starts a script beside this file and waits for its first message, which says that it is ready. */
export async function forkUntilReady(
  script: string,
  args: string[],
  execArgv: string[] = [],
): Promise<{ child: ChildProcess; first: unknown }> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  tieToThisProcess(child.pid);
  child.once('exit', () => release(child.pid));
  const first = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${script} ended at start with code ${code}`)));
    child.once('error', reject);
  });
  // A test that forgets to stop it must not hang: the child ends when the channel closes.
  child.unref();
  child.channel?.unref();
  return { child, first };
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.ref();
  child.kill('SIGKILL');
  await exited;
}
