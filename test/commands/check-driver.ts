import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext } from '../../commands/context.ts';
import { dispatch } from '../../commands/dispatch.ts';
import { writeFailure } from '../../commands/errors.ts';
import type { OutputFormat } from '../../commands/flags.ts';
import { watchSignals } from '../../commands/signals.ts';
import { type MemoryIoOptions, memoryIo } from './memory-io.ts';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface DriveOptions extends MemoryIoOptions {
  env?: Record<string, string | undefined>;
}

const silent = () => undefined;
const HOST = { on: silent, off: silent, exit: silent, writeError: silent };

/** One command line as the binary runs it, in this process: the words of argv are parted by single blanks. */
export async function drive(
  line: string | string[],
  { env = {}, ...how }: DriveOptions = {},
): Promise<Outcome> {
  const argv = typeof line === 'string' ? line.split(' ') : line;
  const io = memoryIo(how);
  // Without HOME the file of whoever runs the tests would be read.
  const context = createContext({
    io,
    env: { HOME: tmpdir(), ...env },
    watch: watchSignals(HOST, silent, silent),
  });
  const output = (argv[argv.indexOf('-o') + 1] ?? 'table') as OutputFormat;
  const style = { output: argv.includes('-o') ? output : 'table', verbose: false, nagios: true } as const;
  try {
    const code = await dispatch(argv, context, silent);
    return { code, stdout: io.stdout.text, stderr: io.stderr.text };
  } catch (error) {
    const { exit } = writeFailure(io, error, style);
    return { code: exit, stdout: io.stdout.text, stderr: io.stderr.text };
  } finally {
    await context.cleanUp();
  }
}

/** A qctl.yaml in a folder of its own; gives back its path. */
export async function configFile(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'qctl-check-')), 'qctl.yaml');
  await writeFile(path, text);
  return path;
}

/** The same text with what differs from run to run made equal. */
export function normalise(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, 'HOST').replace(/localhost:\d+/g, 'HOST');
}
