declare const QCTL_VERSION: string;

/** The version that the build wrote in; sources run without a build (tests) say `0.0.0-dev`. */
export function version(): string {
  return typeof QCTL_VERSION === 'undefined' ? '0.0.0-dev' : QCTL_VERSION;
}

/**
 * The binary's entry. It imports nothing itself: a shell calls `--version` and `__complete` at
 * every key press, and these must cost hardly more than Node's own start.
 *
 * @param argv the arguments after `node qctl`
 */
export async function main(argv: string[]): Promise<void> {
  const [first] = argv;
  if (argv.length === 1 && (first === '--version' || first === '-V')) return printQuietly(`${version()}\n`);
  if (first === '__complete') {
    const { complete } = await import('./complete.ts');
    return printQuietly(complete(argv.slice(1)));
  }
  const { run } = await import('./run.ts');
  process.exitCode = await run(argv);
}

/** A reader that has gone away is no failure here, and a completion must never print an error. */
function printQuietly(text: string): void {
  process.stdout.on('error', () => undefined);
  process.stdout.write(text);
}
