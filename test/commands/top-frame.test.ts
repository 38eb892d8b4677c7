import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { visibleWidth } from '../../commands/term/text.ts';
import { drawChanges } from '../../commands/top/draw.ts';
import { frameOf } from '../../commands/top/frame.ts';
import { formatSnapshot } from '../../commands/top/plain.ts';
import { initialState } from '../../commands/top/state.ts';
import { memoryIo } from './memory-io.ts';
import {
  afterKeys,
  BREAKER,
  CUTOVER,
  DRAIN,
  MOVE,
  sampleSnapshot,
  shownAfter,
  stageOf,
  streamRow,
} from './top-sample.ts';

const snapshot = sampleSnapshot();
const withoutTime = (line: string) => line.replace(/\s+\d\d:\d\d:\d\d$/, '');

describe('what is shown where there is little room', () => {
  test('60 columns hold what matters most of a stream, and the way to the other views', () => {
    const lines = shownAfter(stageOf(snapshot, { columns: 60 }));
    expect(lines.map(withoutTime)).toEqual([
      'redis://streams:6379/0 · Redis 7.2.4 primary',
      '1 STREAMS 2 dead 3 breakers 4 runs 5 redis 6 moves 7 routes',
      'streams',
      '  STREAM  LENGTH      IN  OUT   LAG  PENDING  OLDEST  GROUPS',
      '> orders   1,200  12.5/s  9/s   250       30   3m12s       0',
      '  mails        7  12.5/s  9/s  0..7       30   3m12s       0',
      'q quit  ? help  Enter open  / filter  s S sort  p pause',
    ]);
  });

  test('a breaker says why before it says how many', () => {
    expect(shownAfter(stageOf(snapshot, { columns: 60 }), '3').slice(3, 5)).toEqual([
      '  BREAKER    STATE  SINCE  NEXT            WHY',
      '> wazuh-api  open   2m12s  probe in 48.0s  5 of 5 calls fai…',
    ]);
  });

  test('80 columns add the course of what comes in', () => {
    expect(shownAfter(stageOf(snapshot, { columns: 80 })).slice(3, 5)).toEqual([
      '  STREAM  LENGTH      IN  OUT   LAG  PENDING  OLDEST  IN-TREND            GROUPS',
      '> orders   1,200  12.5/s  9/s   250       30   3m12s                ▁▄▇█       0',
    ]);
  });

  test('200 columns show all there is, and give the rest to the courses', () => {
    const [head, orders] = shownAfter(stageOf(snapshot, { columns: 200 })).slice(3, 5);
    expect(head).toMatch(/OLDEST-PENDING {2}IN-TREND +LAG-TREND +GROUPS {2}LAST-AGE {2}FIRST-AGE$/);
    expect(orders).toMatch(/3m12s {40,}▁▄▇█ {40,}▄▇█ +0 +850ms +2h00m$/);
    expect(shownAfter(stageOf(snapshot, { columns: 200 }))[1]).toBe(
      '1 STREAMS (2)   2 dead (3)   3 breakers (1)   4 runs   5 redis   6 moves (1)   7 routes (1)',
    );
  });

  test('below 40 columns, or 8 lines, it says what it needs', () => {
    expect(shownAfter(stageOf(snapshot, { columns: 39 }))).toEqual(['too small: 39x24, needs 40x8']);
    expect(shownAfter(stageOf(snapshot, { columns: 20, rows: 7 }))).toEqual(['too small: 20x7, ne…']);
  });

  const views = ['1', '2', '3', '4', '5', '6', '7', '?'];
  test.each([40, 60, 80, 200])(
    'nothing reaches beyond %i columns in any view, in colours neither',
    (columns) => {
      const hostile = 'evil\x1b[2J日本語'.repeat(6);
      const full = sampleSnapshot({
        streams: [streamRow(hostile), streamRow('a')],
        breakers: [{ ...BREAKER, breaker: hostile, why: hostile }],
        moves: [{ ...MOVE, oldDepth: null, why: hostile }],
        missing: [{ part: 'runs', why: hostile }],
      });
      for (const colour of [false, true])
        for (const old of [null, hostile])
          for (const view of views) {
            const stage = stageOf(full, { columns, rows: 20, colour }, { old });
            const { lines } = frameOf(stage, afterKeys(stage, [view]));
            expect(lines).toHaveLength(20);
            for (const line of lines) {
              expect(visibleWidth(line), line).toBeLessThanOrEqual(columns);
              expect(line.replace(/\x1b\[[0-9;]*m/g, '')).toBe(stripVTControlCharacters(line));
            }
          }
    },
  );
});

test('runs under way say how far they are and why they wait; what has ended comes after them', () => {
  const ended = {
    ...DRAIN,
    run: 'done-1',
    state: 'done',
    processes: 0,
    finishedAt: DRAIN.createdAt,
    brakes: [],
    remaining: null,
  };
  const runs = stageOf(sampleSnapshot({ runs: [ended, DRAIN], cutovers: [CUTOVER] }), { columns: 170 });
  expect(shownAfter(runs, '4').slice(3, 7)).toEqual([
    '  RUN                          KIND     STATE    PROGRESS           RATE   LEFT    AGE  OF                WHY',
    '> orders-20261122-020000-4f2a  cutover  waiting  2/7 approve-flip      -      -  1m00s  orders            an approval of ann (since 01:59:35Z)',
    '  alerts-20261122-010005-0171  drain    running  25% of 10,000     125/s  1m00s  1h00m  alerts -> orders  --max-lag: workers is 2,000 behind',
    '  done-1                       drain    done     2,500 done        125/s  1m00s  1h00m  alerts -> orders  -',
  ]);
  expect(shownAfter(runs, '4', 'enter').join('\n')).toContain('waiting  for 30.0s: an approval of ann');
  expect(shownAfter(runs, '4', 'down', 'enter').join('\n')).toContain('braked');
  const narrow = stageOf(runs.snapshot, { columns: 60 });
  expect(shownAfter(narrow, '4').slice(3, 5)).toEqual([
    '  RUN             STATE    PROGRESS    WHY',
    '> orders-202611…  waiting  2/7 appro…  an approval of ann (…',
  ]);
});

describe('what is not known', () => {
  test('is a dash, never 0, and a part that cannot be looked at says why', () => {
    const nothing = { inPerSecond: null, outPerSecond: null, lag: null, lagAtLeast: null, lagAtMost: null };
    const partly = sampleSnapshot({
      streams: [streamRow('orders', { ...nothing, oldestPendingAgeMs: null })],
      breakers: [],
      missing: [{ part: 'breakers', why: 'this user may not run HGETALL' }],
    });
    const lines = shownAfter(stageOf(partly, { columns: 60 }));
    expect(lines[5]).toMatch(/^> orders +1,200 +- +- +- +30 +- /);
    expect(lines[3]).toBe('unknown: breakers (this user may not run HGETALL)');
    expect(shownAfter(stageOf(partly, { columns: 60 }), '3')[4]).toBe(
      '  unknown: this user may not run HGETALL',
    );
  });

  test('what SQS says is about right, and a queue that cannot be looked at says why', () => {
    const moves = [
      MOVE,
      { ...MOVE, source: 'mails', oldDepth: null, oldApproximate: false, why: 'no route to host' },
    ];
    expect(shownAfter(stageOf(sampleSnapshot({ moves }), { columns: 100 }), '6').slice(3, 6)).toEqual([
      expect.stringMatching(/^ {2}SOURCE {4}STREAM {5}OLD {2}OLD-IN-FLIGHT {4}NEW {2}SHARE/),
      expect.stringMatching(/^> webhooks {2}orders {2}~3,000 {13}12 {2}1,000 {2}█+░+ /),
      expect.stringMatching(/^ {2}mails {5}orders {7}- {13}12 {2}1,000 {2}- .* no route to host$/),
    ]);
  });

  test('an empty server says that there is nothing', () => {
    const empty = sampleSnapshot({ streams: [], deadLetters: [], breakers: [], moves: [], routes: [] });
    const said = ['1', '2', '3', '4', '6', '7'].map(
      (key) => shownAfter(stageOf(empty, { columns: 80 }), key)[3],
    );
    expect(said).toEqual([
      '  there are no streams',
      '  there are no dead-letter streams',
      '  there are no circuit breakers',
      '  there are no runs',
      '  no source of the configuration goes to a stream',
      '  there are no routes yet',
    ]);
  });
});

test('what is old is grey, and says since when and why', () => {
  const old = 'no answer since 02:00:00, for 5.0s: connect ECONNREFUSED';
  const stage = stageOf(snapshot, { columns: 80, colour: true }, { old });
  const { lines } = frameOf(stage, initialState('streams', null));
  expect(lines[3]).toBe(`\x1b[31mOLD: ${old}\x1b[39m`);
  expect(lines[5]).toBe(`\x1b[2m${stripVTControlCharacters(lines[5]!)}\x1b[22m`);
});

test('what is selected is marked without colours, too, and one of the views in front', () => {
  const coloured = stageOf(snapshot, { columns: 80, colour: true });
  const { lines } = frameOf(coloured, afterKeys(coloured, ['down']));
  expect(lines[5]).toBe(`\x1b[7m${stripVTControlCharacters(lines[5]!).padEnd(80)}\x1b[27m`);
  expect(lines[1]).toContain('\x1b[7m1 streams\x1b[27m 2 dead');
  const plain = shownAfter(stageOf(snapshot, { columns: 80 }), 'down');
  expect(plain[5]).toMatch(/^> mails/);
});

describe('drawing', () => {
  const size = { columns: 10, rows: 4 };

  test('writes only lines that differ', () => {
    expect(drawChanges(size, ['a', 'b', 'c', 'd'], ['a', 'x', 'c', 'd'])).toBe('\x1b[2;1Hx\x1b[K');
    expect(drawChanges(size, ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'])).toBe('');
  });

  test('writes all where nothing is known of the screen, and clears what is below', () => {
    expect(drawChanges(size, undefined, ['a', 'b'])).toBe('\x1b[1;1Ha\x1b[K\x1b[2;1Hb\x1b[K\x1b[3;1H\x1b[J');
    expect(drawChanges(size, ['a', 'b'], ['a'])).toBe('\x1b[2;1H\x1b[J');
  });

  test('a full line keeps its last character, and nothing goes beyond the last line', () => {
    expect(drawChanges({ columns: 3, rows: 1 }, undefined, ['abc', 'd'])).toBe('\x1b[1;1Habc');
  });
});

test('printed once each view that has anything stands below its name; of one all columns are there', () => {
  const { stdout } = memoryIo();
  const now = new Date(snapshot.at);
  const all = formatSnapshot(stdout, snapshot, now, { sort: null });
  expect(all.match(/^[a-z-]+$/gm)).toEqual([
    'streams',
    'dead-letters',
    'breakers',
    'redis',
    'moves',
    'routes',
  ]);
  expect(formatSnapshot(stdout, snapshot, now, { view: 'streams', sort: 'length' })).toBe(
    [
      'STREAM  LENGTH      IN  OUT   LAG  PENDING  OLDEST-PENDING  GROUPS  LAST-AGE  FIRST-AGE',
      'orders   1,200  12.5/s  9/s   250       30           3m12s       0     850ms      2h00m',
      'mails        7  12.5/s  9/s  0..7       30           3m12s       0     850ms      2h00m',
      '',
    ].join('\n'),
  );
});
