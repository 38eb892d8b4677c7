import { run } from './run.ts';
import { version } from './version.ts';

/**
 * The binary's entry for all but what {@link file://./quick.ts} answers.
 *
 * @param argv the arguments after `node qctl`
 */
export async function main(argv: string[]): Promise<void> {
  // Should nothing keep the process alive any more before it has come to an end, that is no success.
  process.exitCode = 1;
  process.exitCode = await run(argv, version());
}
