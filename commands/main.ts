import { writeSync } from 'node:fs';

declare const QCTL_VERSION: string;

/** The version that the build wrote in; sources run without a build (tests) say `0.0.0-dev`. */
function version(): string {
  return typeof QCTL_VERSION === 'undefined' ? '0.0.0-dev' : QCTL_VERSION;
}

/**
 * The binary's entry. It imports nothing of qctl itself, and nothing imports it: a shell calls `--version` and `__complete` at
 * every key press, these must cost hardly more than Node's own start, and each module is a file to load.
 *
 * @param argv the arguments after `node qctl`
 */
export async function main(argv: string[]): Promise<void> {
  const [first] = argv;
  if (argv.length === 1 && (first === '--version' || first === '-V')) return printQuietly(`${version()}\n`);
  if (first === '__complete' || first === '__complete_bash') {
    // Whatever comes late would stand in the middle of a line that somebody is typing.
    process.removeAllListeners('warning');
    process.on('uncaughtException', () => undefined);
    const { complete } = await import('./complete.ts');
    printQuietly(await complete(argv, process.env));
    // Connections may stand, and nobody waits for their end.
    process.exit(0);
  }
  const { run } = await import('./run.ts');
  process.exitCode = await run(argv, version());
}

/** Without the machinery of process.stdout, which takes longer than all the rest. */
function printQuietly(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // A reader that has gone away is no failure here, and a completion must never print an error.
  }
}
