import { writeSync } from 'node:fs';
import { version } from './version.ts';

/**
 * What a shell asks at every key press: `--version`, `__complete` and `__complete_bash`. It must cost hardly more than
 * Node's own start, so it is built into one CommonJS file of its own: Node's loader of ES modules alone would take
 * half of the time.
 *
 * @param argv the arguments after `node qctl`
 */
export async function quick(argv: string[]): Promise<void> {
  if (!argv[0]?.startsWith('__complete')) return printQuietly(`${version()}\n`);
  // Whatever comes late would stand in the middle of a line that somebody is typing.
  process.removeAllListeners('warning');
  process.on('uncaughtException', () => undefined);
  const { complete } = await import('./complete.ts');
  printQuietly(await complete(argv, process.env));
  // Connections may stand, and nobody waits for their end.
  process.exit(0);
}

/** Without the machinery of process.stdout, which takes longer than all the rest. */
function printQuietly(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // A reader that has gone away is no failure here, and a completion must never print an error.
  }
}
