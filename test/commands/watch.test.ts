import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createContext } from '../../commands/context.ts';
import type { GlobalOptions } from '../../commands/options.ts';
import { watchSignals } from '../../commands/signals.ts';
import { renderResult } from '../../commands/term/render.ts';
import { type Pacing, watchAction } from '../../commands/watch.ts';
import { QctlError } from '../../src/errors.ts';
import { waitFor } from '../support/wait.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

const silent = () => undefined;
const AT = new Date(2026, 10, 22, 12, 34, 56);
const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?1049l';

interface Given {
  io?: MemoryIo;
  options?: Partial<GlobalOptions>;
  argv?: string[];
  nagios?: true;
  intervalMs?: number;
  env?: Record<string, string>;
  pacing?: Pacing;
}

/** An action under watch; `turn` counts its runs from 1. */
function start(
  work: (context: ReturnType<typeof createContext>, turn: number) => unknown,
  given: Given = {},
) {
  const { io = memoryIo(), argv = [], nagios, intervalMs = 5, env = {} } = given;
  const host = { on: silent, off: silent, exit: silent, writeError: silent };
  const signals = watchSignals(host, silent, silent);
  const context = createContext({ io, env, watch: signals, now: () => AT });
  Object.assign(context.options, given.options);
  const terminal = Object.assign(new EventEmitter(), { pid: 1, kill: silent });
  const state = { turns: 0 };
  const watched = { entry: { name: 'stream ls', nagios }, argv, intervalMs };
  const turn = () => {
    state.turns += 1;
    return work(context, state.turns);
  };
  const done = watchAction(context, watched, turn, terminal, given.pacing);
  done.catch(silent);
  const stop = () => signals.deliver('SIGINT');
  return { io, context, state, done, stop, reached: (n: number) => waitFor(() => state.turns >= n) };
}

function print(text: string) {
  return (context: ReturnType<typeof createContext>) => context.io.stdout.write(text);
}

/** The frames as they were drawn, each without the codes that move and clear. */
function framesOf(text: string): string[][] {
  const frames = text.replace(ENTER, '').split('\x1b[H').slice(1);
  return frames.map((frame) =>
    frame
      .replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '')
      .trimEnd()
      .split('\r\n'),
  );
}

const away = new QctlError('target', 'connection lost', { code: 'REDIS_UNAVAILABLE', hint: ['wait'] });

test('in a pipe each frame stands below the time at which it was taken', async () => {
  const { io, done, stop, reached } = start((context, turn) => context.io.stdout.write(`LENGTH\n${turn}\n`));
  await reached(3);
  stop();
  expect(await done).toBe(0);
  const time = AT.toISOString();
  expect(io.stdout.text).toMatch(new RegExp(`^${time}\nLENGTH\n1\n${time}\nLENGTH\n2\n`));
  expect(io.stdout.text).not.toContain('\x1b');
});

test.each([[undefined], [40]])(
  'lines of JSON are appended as they are, terminal of %s columns or not',
  async (columns) => {
    const output = 'ndjson' as const;
    const io = memoryIo({ columns });
    const { done, stop, reached } = start(
      (context, turn) =>
        renderResult(context.io, context.options, {
          type: 'stream',
          data: { stream: 'a name that is longer than the terminal is wide', turn },
          table: () => '',
        }),
      { io, options: { output } },
    );
    await reached(3);
    stop();
    await done;
    const lines = io.stdout.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, 2)).toMatchObject([{ type: 'stream', turn: 1 }, { turn: 2 }]);
  },
);

test('on a terminal each frame is drawn over the one before, and the terminal is given back', async () => {
  const io = memoryIo({ columns: 60 });
  const { done, stop, reached } = start((context, turn) => context.io.stdout.write(`LENGTH\n${turn}\n`), {
    io,
  });
  await reached(3);
  stop();
  await done;
  const { text } = io.stdout;
  expect(text.startsWith(ENTER)).toBe(true);
  expect(text.split(ENTER)).toHaveLength(2);
  expect(text.endsWith(LEAVE)).toBe(true);
  // Clearing everything before drawing is what flickers.
  expect(text).not.toContain('\x1b[2J');
  expect(text.split('\x1b[H')[1]).toContain('LENGTH\x1b[K\r\n1\x1b[K\r\n\x1b[J');
  const frames = framesOf(text);
  expect(frames[0]).toEqual(['every 5ms: qctl stream ls — 12:34:56', '', 'LENGTH', '1']);
  expect(frames[1]?.slice(2)).toEqual(['LENGTH', '2']);
});

test('the header shows the command line without its secrets, and the time however narrow it is', async () => {
  const argv = [
    '--watch=2s',
    'orders*',
    '--redis-url',
    'redis://u:sw0rdfish@h',
    '--postgres-url=postgres://u:sw0rdfish@h',
  ];
  const header = async (columns: number) => {
    const io = memoryIo({ columns });
    const { done, stop, reached } = start(print('x\n'), { io, argv, intervalMs: 2000 });
    await reached(1);
    await waitFor(() => io.stdout.text !== '');
    stop();
    await done;
    expect(io.stdout.text).not.toContain('sw0rdfish');
    return framesOf(io.stdout.text)[0]![0];
  };
  expect(await header(150)).toBe(
    'every 2.0s: qctl stream ls orders* --redis-url redis://u:***@h --postgres-url=postgres://u:***@h — 12:34:56',
  );
  expect(await header(40)).toBe('every 2.0s: qctl stream ls o… — 12:34:56');
});

test('what does not fit on the terminal is cut, and said to be; a larger window shows more at once', async () => {
  const io = memoryIo({ columns: 20, rows: 6 });
  const lines = Array.from({ length: 9 }, (_, at) => `stream-${at} ${'x'.repeat(30)}`);
  const { done, stop } = start(print(`${lines.join('\n')}\n`), { io, intervalMs: 60_000 });
  await waitFor(() => io.stdout.text !== '');
  expect(framesOf(io.stdout.text)[0]?.slice(1)).toEqual([
    '',
    'stream-0 xxxxxxxxxx…',
    'stream-1 xxxxxxxxxx…',
    'stream-2 xxxxxxxxxx…',
    '… 6 more lines',
  ]);
  Object.assign(io.stdout, { rows: 20 });
  io.stdout.stream.emit('resize');
  expect(framesOf(io.stdout.text)[1]).toHaveLength(11);
  stop();
  await done;
  expect(io.stdout.stream.listenerCount('resize')).toBe(0);
});

test('a note that goes to stderr stands in the frame, not across it', async () => {
  const io = memoryIo({ columns: 60 });
  const { done, stop, reached } = start((context) => context.io.stderr.write('no runs are recorded\n'), {
    io,
  });
  await reached(2);
  stop();
  await done;
  expect(framesOf(io.stdout.text)[0]?.at(-1)).toBe('no runs are recorded');
  expect(io.stderr.text).toBe('');
});

test('a server that goes away is shown in the frame until it is back', async () => {
  const io = memoryIo({ columns: 60 });
  const { done, stop, reached } = start(
    (context, turn) => {
      context.io.stdout.write(`turn ${turn}\n`);
      if (turn === 2) throw away;
    },
    { io },
  );
  await reached(4);
  stop();
  await done;
  const frames = framesOf(io.stdout.text).map((lines) => lines.slice(2));
  expect(frames.slice(0, 3)).toEqual([['turn 1'], ['qctl: connection lost', '  hint: wait'], ['turn 3']]);
});

test('on a narrow terminal the error of a server that goes away is wrapped, so that its reason can be read', async () => {
  const io = memoryIo({ columns: 30 });
  const long = new QctlError(
    'target',
    'cannot list the streams orders* (redis://db:6379/0): connection lost',
    {
      code: 'REDIS_UNAVAILABLE',
      hint: ['wait for the server and try again'],
    },
  );
  const { done, stop, reached } = start(
    (_, turn) => {
      if (turn === 2) throw long;
    },
    { io },
  );
  await reached(3);
  stop();
  await done;
  expect(framesOf(io.stdout.text)[1]!.slice(2)).toEqual([
    'qctl: cannot list the',
    '  streams orders*',
    '  (redis://db:6379/0):',
    '  connection lost',
    '  hint: wait for the server',
    '    and try again',
  ]);
});

test('in a pipe its error goes to stderr, in the format of the output', async () => {
  const io = memoryIo();
  const { done, stop, reached } = start(
    (_, turn) => {
      if (turn === 2) throw away;
    },
    { io, options: { output: 'ndjson' } },
  );
  await reached(3);
  stop();
  await done;
  expect(JSON.parse(io.stderr.text)).toMatchObject({ type: 'error', code: 'REDIS_UNAVAILABLE' });
  expect(io.stdout.text).toBe('');
});

test('an error before anything was shown ends it, the terminal untouched and the notes shown', async () => {
  const io = memoryIo({ columns: 60 });
  const { done } = start(
    (context) => {
      context.io.stderr.write('note\n');
      throw away;
    },
    { io },
  );
  await expect(done).rejects.toBe(away);
  expect(io.stdout.text).toBe('');
  expect(io.stderr.text).toBe('note\n');
});

test('an error that will not pass ends it, once the terminal is given back', async () => {
  const io = memoryIo({ columns: 60 });
  const { done } = start(
    (_, turn) => {
      if (turn === 2) throw new TypeError('x is not a function');
    },
    { io },
  );
  await expect(done).rejects.toThrow('x is not a function');
  expect(io.stdout.text.endsWith(LEAVE)).toBe(true);
});

test('a signal ends it in the middle of a wait, and nothing is said', async () => {
  const { context, done, stop, state, reached } = start(silent, { intervalMs: 3_600_000 });
  await reached(1);
  stop();
  expect(await done).toBe(0);
  expect(state.turns).toBe(1);
  expect(context.stopsAtOnce).toBe(true);
});

test('a signal ends it in the middle of a run, however long that may take', async () => {
  const { done, stop, reached } = start(() => new Promise(silent));
  await reached(1);
  stop();
  expect(await done).toBe(0);
});

test('it ends when nobody reads any more', async () => {
  const io = memoryIo();
  const { done, state } = start(
    (_, turn) => {
      if (turn === 2) Object.assign(io.stdout, { closed: true });
    },
    { io },
  );
  expect(await done).toBe(0);
  expect(state.turns).toBe(2);
});

test('a run starts an interval after the start of the one before, not after its end', async () => {
  let now = 1000;
  const starts: number[] = [];
  const pauses: number[] = [];
  const pacing: Pacing = {
    now: () => now,
    pause: async (ms) => {
      pauses.push(ms);
      now += ms;
      await nextTurn();
    },
  };
  const tookMs = [300, 0, 401, 5000];
  const { done, stop, reached } = start(
    (_, turn) => {
      starts.push(now);
      now += tookMs[turn - 1] ?? 0;
    },
    { intervalMs: 400, pacing },
  );
  await reached(6);
  stop();
  await done;
  expect(pauses.slice(0, 5)).toEqual([100, 400, 0, 0, 400]);
  // One that took longer than the interval is followed at once, and nothing is made up for.
  expect(starts.slice(0, 6)).toEqual([1000, 1400, 1800, 2201, 7201, 7601]);
});

test('runs that take longer than the interval do not overlap', async () => {
  let running = 0;
  const most: number[] = [];
  const { done, stop, reached } = start(
    async () => {
      running += 1;
      most.push(running);
      for (let turn = 0; turn < 5; turn += 1) await nextTurn();
      running -= 1;
    },
    { intervalMs: 0 },
  );
  await reached(4);
  stop();
  await done;
  expect(new Set(most)).toEqual(new Set([1]));
});

test('what a run has opened is closed after that run', async () => {
  const seen: string[] = [];
  const { context, done, stop, reached } = start((one, turn) => {
    seen.push(`open ${turn}`);
    one.onCleanup(() => seen.push(`close ${turn}`));
    if (turn === 2) throw away;
  });
  await reached(3);
  stop();
  await done;
  expect(seen.slice(0, 5)).toEqual(['open 1', 'close 1', 'open 2', 'close 2', 'open 3']);
  await context.cleanUp();
  expect(seen.at(-1)).toMatch(/^close/);
});

test('what an interrupted run has opened is closed at the end', async () => {
  let closed = false;
  const { context, done, stop, reached } = start((one) => {
    one.onCleanup(() => {
      closed = true;
    });
    return new Promise(silent);
  });
  await reached(1);
  stop();
  await done;
  await context.cleanUp();
  expect(closed).toBe(true);
});

test('a check goes on whatever it finds, and shows what keeps it from finding out as UNKNOWN', async () => {
  const io = memoryIo();
  const { done, stop, reached } = start(
    (context, turn) => {
      if (turn === 2) throw away;
      context.io.stdout.write('CRITICAL - lag 7\n');
      return 2;
    },
    { io, nagios: true },
  );
  await reached(4);
  stop();
  expect(await done).toBe(0);
  const lines = io.stdout.text.split('\n').filter((line) => !line.startsWith('2026'));
  expect(lines.slice(0, 3)).toEqual(['CRITICAL - lag 7', 'UNKNOWN - connection lost', 'CRITICAL - lag 7']);
  expect(io.stderr.text).toBe('  hint: wait\n');
});

test.each([
  [{ io: memoryIo({ columns: 60, ci: true }) }],
  [{ io: memoryIo({ columns: 60 }), env: { TERM: 'dumb' } }],
])('nothing is redrawn where that cannot be done or seen', async (given) => {
  const { io, done, stop, reached } = start(print('x\n'), given);
  await reached(2);
  stop();
  await done;
  expect(io.stdout.text).not.toContain('\x1b');
});
