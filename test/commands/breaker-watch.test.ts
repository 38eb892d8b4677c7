import { describe, expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { breakerStates } from './breaker-states.ts';
import { useOwnRedis } from './own-redis.ts';
import type { CommandEnd } from './run-command.ts';

const own = useOwnRedis();
const states = breakerStates(own);

/** A watch that is at work. */
interface Watch {
  /** Waits until this was printed. */
  until(text: string): Promise<void>;
  said(): string;
  stop(): void;
  end: Promise<CommandEnd>;
}

/** Begins to watch, and waits for the first line. It ends with the test at the latest. */
async function watch(argv: string[], onFirst: () => void = () => undefined): Promise<Watch> {
  let printed = '';
  let said = '';
  let stop: () => void = () => undefined;
  onTestFinished(() => stop());
  const end = own.run(['breaker', 'watch', ...argv], {
    onStdout: (text, stopNow) => {
      if (printed === '') onFirst();
      printed += text;
      stop = stopNow;
    },
    onStderr: (text) => {
      said += text;
    },
  });
  const until = async (text: string) => {
    await waitFor(() => printed.includes(text), { what: `${text} in ${printed}` });
  };
  await until('\n');
  return { until, end, said: () => said, stop: () => stop() };
}

const still = (text: string) =>
  text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME').replace(/\b(\d+ms|\d+\.\ds|\d+m\d\ds)\b/g, 'T');

describe('breaker watch', () => {
  test('tells how each breaker stands, then what happens to it, and ends at Ctrl-C', async () => {
    await states.open('api');
    await states.report('mail', { ok: 1 });
    const watching = await watch(['api', 'ma*']);
    await states.operate('api', { verb: 'reset' }, 'it is back');
    await states.operate('other', { verb: 'trip' }, 'nobody watches this one');
    // Its time is over, and no process is at work that would take it away.
    await states.operate('mail', { verb: 'hold', mode: 'observe', untilMs: Date.now() - 1400 }, 'incident');
    await watching.until('is over');
    await states.operate('mail', { verb: 'lapse' });
    await states.operate('mail', { verb: 'trip' }, 'bye');
    await watching.until('bye');
    watching.stop();
    const { code, stdout, stderr } = await watching.end;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(still(stdout)).toBe(
      [
        'TIME  api  open for T, probe in T: 5 of 5 calls failed in 60s, threshold 5',
        'TIME  mail  closed',
        'TIME  api  open -> closed: reset by ada@ops1: it is back',
        'TIME  mail  held observe until TIME by ada@ops1: incident',
        'TIME  mail  closed; the override is over since TIME, and nobody has taken it away: held observe by ada@ops1: incident',
        'TIME  mail  override ended at TIME, was held observe by ada@ops1: incident',
        'TIME  mail  closed -> open: tripped by ada@ops1: bye',
        '',
      ].join('\n'),
    );
  });

  test('is a line of JSON for each breaker and event, and shouts about forgotten overrides', async () => {
    await states.operate('api', { verb: 'hold', mode: 'closed' }, 'x');
    await states.age('api', 86_400_000);
    const watching = await watch(['-o', 'ndjson', '-q']);
    await states.operate('api', { verb: 'release' }, 'over');
    await watching.until('release');
    watching.stop();
    const { stdout, stderr } = await watching.end;
    const [state, event] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(state).toMatchObject({
      type: 'breaker',
      breaker: 'api',
      forgotten: true,
      override: { mode: 'closed' },
    });
    expect(event).toMatchObject({ type: 'breaker-event', event: 'release', by: 'ada', reason: 'over' });
    expect(stderr).toContain('qctl breaker release api');
  });

  test('waits for a Redis that is away, says so once, and goes on after that', async () => {
    await states.open('api');
    // From the first line on, not only once the first wait for events has begun.
    let gone: Promise<void> | undefined;
    const watching = await watch([], () => {
      gone = own.server.kill9();
    });
    await gone;
    await waitFor(() => watching.said().includes('waiting for Redis'), { what: 'the wait' });
    await own.server.restart();
    await waitFor(() => watching.said().includes('is back'), { what: 'the return' });
    await waitFor(() =>
      states.operate('fresh', { verb: 'hold', mode: 'open' }, 'all is new').then(() => true),
    );
    await watching.until('all is new');
    watching.stop();
    const { code, stderr } = await watching.end;
    expect(code).toBe(130);
    expect(stderr.match(/waiting for Redis/g)).toHaveLength(1);
  });

  test.each([
    [['-o', 'json'], 'use -o ndjson'],
    [['-o', 'yaml'], 'use -o ndjson'],
    [['--out-file', '/tmp/never-written'], 'redirect stdout'],
  ])('refuses %j before it connects', async (flags, hint) => {
    const { code, stderr } = await own.run(['breaker', 'watch', ...flags], { url: 'redis://127.0.0.1:1' });
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });

  test('takes a name that nobody knows for a mistake', async () => {
    await states.open('api');
    const { code, stderr } = await own.run(['breaker', 'watch', 'aip']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean api?');
  });
});
