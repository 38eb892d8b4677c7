import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createContext } from '../../commands/context.ts';
import { dispatch } from '../../commands/dispatch.ts';
import { writeFailure } from '../../commands/errors.ts';
import { exitCodeOfSignal } from '../../commands/exit-codes.ts';
import { watchSignals } from '../../commands/signals.ts';
import { sharedRedisUrl } from '../support/shared.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

/** How {@link runCommand} runs. */
export interface CommandSetting {
  /** Default: the Redis that all tests share. */
  url?: string;
  /** Width of the terminal; without it all three streams are pipes. */
  columns?: number;
  /** What is typed at the question, on a terminal. */
  answer?: string;
  /** Called when the question stands there; the answer is typed once what it gives has happened. */
  onQuestion?: () => unknown;
  /** Text of a qctl.yaml. */
  config?: string;
  env?: Record<string, string>;
  /** Called with what was written to stdout; may stop the command as Ctrl-C does. */
  onStdout?: (text: string, stop: () => void) => void;
  /** Likewise for stderr. */
  onStderr?: (text: string, stop: () => void) => void;
}

/** How a command ended and what it printed. */
export interface CommandEnd {
  code: number;
  stdout: string;
  stderr: string;
}

const silent = () => undefined;
const host = { on: silent, off: silent, exit: silent, writeError: silent };

/** Runs one command line inside this process, as the binary does. */
export async function runCommand(argv: string[], setting: CommandSetting = {}): Promise<CommandEnd> {
  const { columns, env = {}, url = sharedRedisUrl() } = setting;
  const watch = watchSignals(host, silent, silent);
  const io = withAnswer(memoryIo({ columns }), setting, watch.deliver);
  const context = createContext({ io, env: { REDIS_URL: url, ...env }, watch });
  const line = setting.config === undefined ? argv : [...argv, '--config', await fileOf(setting.config)];
  let code: number;
  try {
    code = await dispatch(line, context, silent);
    if (watch.received) code = exitCodeOfSignal(watch.received);
  } catch (error) {
    const stopped = error === watch.signal.reason || (error instanceof Error && error.name === 'AbortError');
    if (watch.received && stopped) code = exitCodeOfSignal(watch.received);
    else code = writeFailure(io, error, { output: context.options.output, verbose: false }).exit;
  }
  await context.cleanUp();
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

async function fileOf(config: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'qctl-config-')), 'qctl.yaml');
  await writeFile(file, config);
  return file;
}

function withAnswer(
  io: MemoryIo,
  { answer, onQuestion, onStdout, onStderr }: CommandSetting,
  deliver: (signal: 'SIGINT') => void,
): MemoryIo {
  const typed = new PassThrough();
  const drawn = new PassThrough();
  // Once the question stands there.
  drawn.once('data', async () => {
    await nextTurn();
    await onQuestion?.();
    if (answer !== undefined) typed.write(`${answer}\n`);
  });
  const stop = () => deliver('SIGINT');
  const write = (text: string): void => {
    io.stdout.write(text);
    onStdout?.(text, stop);
  };
  const writeError = (text: string): void => {
    io.stderr.write(text);
    onStderr?.(text, stop);
  };
  return {
    ...io,
    stdin: { ...io.stdin, stream: typed as unknown as NodeJS.ReadStream },
    stdout: Object.create(io.stdout, { write: { value: write } }),
    stderr: Object.create(io.stderr, { stream: { value: drawn }, write: { value: writeError } }),
  };
}
