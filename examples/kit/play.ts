import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { print, restoreCursor } from './terminal.ts';

/** What is to be stopped at the end, in whatever way that comes. */
export type OnEnd = (cleanup: () => Promise<unknown>) => void;

/**
 * Plays a story from its first command to its last in this process, and stops everything that it has started: at
 * its end, at an error, at Ctrl-C. The exit code is 0 where the story says that it was true, otherwise 1.
 *
 * @param name stands before the text of an error
 */
export async function play(name: string, story: (onEnd: OnEnd) => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  const cleanups: (() => Promise<unknown>)[] = [];
  let cleaned: Promise<void> | undefined;
  /** Last started, first stopped; a second call waits for the first. */
  const cleanUp = () => {
    cleaned ??= (async () => {
      for (const cleanup of cleanups.reverse()) await cleanup().catch(() => undefined);
    })();
    return cleaned;
  };
  onSignals(cleanUp);
  try {
    build();
    const proven = await story((cleanup) => cleanups.push(cleanup));
    await cleanUp();
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    print(`Servers stopped, their folders removed. ${seconds} s in all.`);
    process.exitCode = proven ? 0 : 1;
  } catch (error) {
    // What fails while everything is being stopped fails because of that.
    if (!cleaned) {
      restoreCursor();
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    }
    await cleanUp();
    process.exitCode ||= 1;
  }
}

function onSignals(cleanUp: () => Promise<void>): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      restoreCursor();
      print('\nStopping the servers …');
      void cleanUp().then(() => process.exit(code));
    });
  }
}

function build(): void {
  if (existsSync(new URL('../../dist/main.js', import.meta.url))) return;
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  if (spawnSync(process.execPath, [script], { stdio: 'inherit' }).status !== 0)
    throw new Error('the build failed');
}
