import { QctlError } from '../src/errors.ts';
import { hasFlag, scanOutput } from './argv.ts';
import { createContext, type OpenContext } from './context.ts';
import { dispatch, type Traits } from './dispatch.ts';
import { type ErrorStyle, writeFailure } from './errors.ts';
import { exitCodeOfSignal, ROLLBACK_FAILED, ROLLED_BACK } from './exit-codes.ts';
import { processSignals, type SignalWatch, watchSignals } from './signals.ts';
import { createIo, type Io } from './term/io.ts';

const LINGER_MS = 2000;
// Who has stopped it does not want to wait for what is still under way.
const LINGER_STOPPED_MS = 50;
const CLEAN_UP_MS = 5000;

/** Runs one command line to its end and gives back the exit code. It never throws. */
export async function run(argv: string[], version: string): Promise<number> {
  const { env } = process;
  const closed = { whenRead: false };
  const io = createIo({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env,
    noColour: hasFlag(argv, '--no-color'),
    // Of a read command nothing is left to do once nobody reads it; any other goes on to its end, and
    // a check to its exit code.
    onStdoutClosed: () => closed.whenRead && process.exit(0),
  });
  const texts: Texts = { first: () => undefined, hard: () => undefined };
  const watch = watchSignals(
    processSignals(io.stderr.isTTY),
    () => texts.first(),
    () => texts.hard(),
  );
  const context = createContext({ io, env, watch, version });
  texts.first = () => (context.stopsAtOnce ? undefined : 'qctl: stopping');
  texts.hard = () => ['qctl: stopped at once', context.onHardStop?.()].filter(Boolean).join('\n');
  let found: Traits = { impact: 'write' };
  const style = (): ErrorStyle => ({
    output: scanOutput(argv, env),
    verbose: context.options.verbose || hasFlag(argv, '-v', '--verbose'),
    nagios: found.nagios,
  });
  const code = await runGuarded(argv, context, { io, watch, style }, (traits) => {
    found = traits;
    closed.whenRead = traits.impact === 'read' && !traits.nagios;
    if (traits.impact !== 'read')
      texts.first = () => `qctl: finishing ${context.finishing ?? 'the batch'}; once more to stop at once`;
  });
  await cleanUpWithin(context, CLEAN_UP_MS);
  watch.dispose();
  const final = await checkWritten(code, io, style());
  leave(final, io, watch.received ? LINGER_STOPPED_MS : LINGER_MS);
  return final;
}

/** A server that no longer answers must not hold up the end. */
async function cleanUpWithin(context: OpenContext, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([context.cleanUp(), late]);
  clearTimeout(timer);
}

interface Texts {
  first: () => string | undefined;
  hard: () => string | undefined;
}

interface Surroundings {
  /** That of the process: the context's may be that of one run of an action. */
  io: Io;
  watch: SignalWatch;
  style: () => ErrorStyle;
}

async function runGuarded(
  argv: string[],
  context: OpenContext,
  { io, watch, style }: Surroundings,
  onFound: (traits: Traits) => void,
): Promise<number> {
  try {
    const code = await dispatch(argv, context, onFound);
    return watch.received && !isOutcome(code) ? exitCodeOfSignal(watch.received) : code;
  } catch (error) {
    if (watch.received && isAbort(error, watch)) return exitCodeOfSignal(watch.received);
    return writeFailure(io, error, style()).exit;
  }
}

/** How a rollback went says more than that a signal began it. */
function isOutcome(code: number): boolean {
  return code === ROLLED_BACK || code === ROLLBACK_FAILED;
}

/** What a wait throws when the signal ends it; anything else is a failure of its own and is shown. */
function isAbort(error: unknown, watch: SignalWatch): boolean {
  return error === watch.signal.reason || (error instanceof Error && error.name === 'AbortError');
}

/** A result that did not fit on the disk was not delivered, although the command went well. */
async function checkWritten(code: number, io: Io, style: ErrorStyle): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  const { failure } = io.stdout;
  if (!failure || code !== 0) return code;
  const reason = (failure as NodeJS.ErrnoException).code ?? failure.message;
  const error = new QctlError('failed', `cannot write the result to stdout: ${reason}`, {
    code: 'STDOUT_FAILED',
    hint: ['the command itself went well; only its output is incomplete'],
    cause: failure,
  });
  return writeFailure(io, error, style).exit;
}

/** Something left open must not keep a finished command alive; what is still being written may. */
function leave(code: number, io: Io, ms: number): void {
  const timer = setInterval(() => {
    const unwritten = io.stdout.stream.writableLength + io.stderr.stream.writableLength;
    if (unwritten === 0 || io.stdout.closed) process.exit(code);
  }, ms);
  timer.unref();
}
