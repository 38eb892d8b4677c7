import { describe, expect, test } from 'vitest';
import { frameOf } from '../../commands/top/frame.ts';
import { KeyReader } from '../../commands/top/keys.ts';
import { press } from '../../commands/top/press.ts';
import { initialState } from '../../commands/top/state.ts';
import { afterKeys, sampleSnapshot, shownAfter, stageOf, streamRow } from './top-sample.ts';

describe('what a terminal sends', () => {
  const read = (...chunks: string[]) => {
    const reader = new KeyReader();
    const keys = chunks.flatMap((chunk) => reader.read(Buffer.from(chunk, 'latin1')));
    return [...keys, ...(reader.waits ? ['(waits)', ...reader.flush()] : [])];
  };

  test.each([
    ['letters, also those of several bytes', ['q/\xc3\xa4\xe6\x97', '\xa5'], ['q', '/', 'ä', '日']],
    [
      'arrows in both modes, and with a modifier',
      ['\x1b[A\x1bOB\x1b[1;5C\x1b[D'],
      ['up', 'down', 'right', 'left'],
    ],
    [
      'the block above them',
      ['\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1bOF'],
      ['pageup', 'pagedown', 'home', 'end', 'end'],
    ],
    [
      'Enter, Backspace, Tab, and Tab with Shift',
      ['\r\x7f\t\x1b[Z'],
      ['enter', 'backspace', 'tab', 'backtab'],
    ],
    ['controls', ['\x03\x1a\x0c'], ['ctrl-c', 'ctrl-z', 'ctrl-l']],
    ['a sequence in pieces', ['\x1b', '[', 'A'], ['up']],
    ['Escape alone, which is known once nothing follows', ['\x1b'], ['(waits)', 'escape']],
    ['sequences that mean nothing here', ['\x1b[15~\x1b[I\x1b[?1;2cq'], ['q']],
  ])('%s', (_, chunks, keys) => {
    expect(read(...chunks)).toEqual(keys);
  });
});

const streams = Array.from({ length: 100 }, (_, at) =>
  streamRow(`s${String(at).padStart(3, '0')}`, {
    length: at * 10,
    lag: at % 7,
    pending: at === 50 ? 999 : 1,
  }),
);
const many = stageOf(sampleSnapshot({ streams }), { columns: 80, rows: 24 });
const names = (lines: readonly string[]) =>
  lines.flatMap((line) => /^[> ] (s\d+)/.exec(line)?.slice(1) ?? []);
const marked = (lines: readonly string[]) => lines.find((line) => line.startsWith('> '))?.slice(2, 6);

describe('in a long list', () => {
  test('keys go through it, and the window follows', () => {
    expect(names(shownAfter(many))).toEqual(names(shownAfter(many)).toSorted());
    expect(marked(shownAfter(many, 'down', 'down', 'j', 'k'))).toBe('s002');
    const down = shownAfter(many, 'pagedown', 'pagedown');
    expect([marked(down), names(down).at(-1)]).toEqual(['s036', 's036']);
    expect(marked(shownAfter(many, 'pagedown', 'pageup'))).toBe('s000');
    const end = shownAfter(many, 'end');
    expect([names(end).at(-1), marked(end), end.at(-1)]).toEqual([
      's099',
      's099',
      expect.stringContaining('82-100 of 100'),
    ]);
    expect(marked(shownAfter(many, 'end', 'home'))).toBe('s000');
  });

  test('what is selected stays so when others come, go and change places', () => {
    const state = afterKeys(many, ['pagedown']);
    const later = stageOf(sampleSnapshot({ streams: [streamRow('aaa'), ...streams.slice(10)] }), {
      columns: 80,
    });
    expect(marked(frameOf(later, state).lines)).toBe('s018');
    const without = stageOf(sampleSnapshot({ streams: streams.filter(({ stream }) => stream !== 's018') }), {
      columns: 80,
    });
    expect(marked(frameOf(without, state).lines)).toBe('s019');
    expect(
      marked(frameOf(stageOf(sampleSnapshot({ streams: [] }), { columns: 80 }), state).lines),
    ).toBeUndefined();
  });

  test('s goes through the columns, the largest first, S turns it round', () => {
    // After the name comes the length.
    expect(names(shownAfter(many, 's', 's'))[0]).toBe('s099');
    expect(shownAfter(many, 's', 's')[2]).toBe('streams · sorted by length');
    expect(shownAfter(many, 's', 's')[3]).toContain(' LENGT▼');
    expect(names(shownAfter(many, 's', 's', 'S'))[0]).toBe('s000');
    // From wherever one was.
    expect(marked(shownAfter(many, 'end', 's', 's'))).toBe('s099');
    const sorted = afterKeys(many, [], initialState('streams', 'pending'));
    expect(names(frameOf(many, sorted).lines)[0]).toBe('s050');
  });

  test('what is not known stands last, whichever way it is sorted', () => {
    const some = [
      streamRow('a', { inPerSecond: null }),
      streamRow('b', { inPerSecond: 1 }),
      streamRow('c', { inPerSecond: 2 }),
    ];
    const stage = stageOf(sampleSnapshot({ streams: some }), { columns: 80 });
    const order = (...keys: string[]) =>
      frameOf(stage, afterKeys(stage, keys, initialState('streams', 'in')))
        .lines.slice(4, 7)
        .map((line) => line[2]);
    expect([order(), order('S')]).toEqual([
      ['c', 'b', 'a'],
      ['b', 'c', 'a'],
    ]);
  });

  test('a filter counts while it is typed; Enter keeps it, Escape takes it back', () => {
    expect(names(shownAfter(many, '/', '0', '4', '2'))).toEqual(['s042']);
    expect(shownAfter(many, '/', '0', '4').at(-1)).toBe('/04_');
    expect(names(shownAfter(many, '/', '0', '4', '2', 'backspace', 'enter'))).toHaveLength(11);
    expect(names(shownAfter(many, '/', '4', '2', 'escape'))[0]).toBe('s000');
    expect(shownAfter(many, '/', 'x', 'q', 'enter')[3]).toBe('  nothing matches xq');
    expect(names(shownAfter(many, '/', '4', 'enter', 'escape'))[0]).toBe('s000');
  });
});

describe('between the views', () => {
  const stage = stageOf(sampleSnapshot(), { columns: 80 });
  const where = (...keys: string[]) => shownAfter(stage, ...keys)[2];

  test('digits, Tab and the arrows lead from one to the other, round and round', () => {
    expect(where('5')).toBe('redis');
    expect(where('tab')).toBe('dead-letters');
    expect(where('left')).toBe('routes');
    expect(where('7', 'right')).toBe('streams');
    expect(where('2', 'backtab')).toBe('streams');
  });

  test('Enter opens, Escape and Backspace lead back to where one was', () => {
    expect(where('down', 'enter')).toBe('streams › mails');
    expect(marked(shownAfter(stage, 'down', 'enter', 'escape'))).toBe('mail');
    expect(where('3', 'enter', 'backspace')).toBe('breakers');
    expect(shownAfter(stage, '7', 'enter').slice(3, 6)).toEqual([
      'route    orders',
      'key 42   new',
      'percent  25%',
    ]);
  });

  test('q quits from everywhere, but not while it is typed', () => {
    const quits = (...keys: string[]) => {
      const state = afterKeys(stage, keys);
      return press(state, 'q', frameOf(stage, state).extent) === 'quit';
    };
    expect([quits(), quits('enter'), quits('?'), quits('/')]).toEqual([true, true, true, false]);
  });

  test('? explains the keys, and any key goes back', () => {
    expect(shownAfter(stage, '?').join('\n')).toContain('q, Ctrl-C');
    expect(where('?', 'x')).toBe('streams');
    expect(shownAfter(stage, '?', 'x').join('\n')).toContain('> orders');
  });

  test('where it is longer than the screen the help is scrolled', () => {
    const low = stageOf(sampleSnapshot(), { columns: 80, rows: 12 });
    expect(shownAfter(low, '?').join('\n')).not.toContain('behind a view: dead letters');
    expect(shownAfter(low, '?', 'j', 'pagedown', 'end').join('\n')).toContain('behind a view: dead letters');
    expect(shownAfter(low, '?', 'end', 'escape')[2]).toBe('streams');
  });

  test('p holds what is shown, and says so', () => {
    expect(shownAfter(stage, 'p')[0]).toContain('PAUSED');
    expect(shownAfter(stage, 'p', 'p')[0]).not.toContain('PAUSED');
  });
});

describe('dead letters', () => {
  const letter = {
    ...{ stream: 'orders:dead', id: '1795-0', fields: { body: '{"a":"\u001b[31m"}', raw: 'AP8=' } },
    ...{
      base64: ['raw'],
      cut: [],
      payloadBytes: 20,
      reason: 'boom',
      diedAt: '2026-11-22T01:59:05.000Z',
      deliveries: 3,
    },
  };
  const stage = stageOf(sampleSnapshot(), { columns: 80 }, { detail: () => ({ letters: [letter], letter }) });

  test('are listed, and one of them is opened; what could harm the terminal is shown as it is', () => {
    expect(shownAfter(stage, '2', 'enter').slice(2, 5)).toEqual([
      'dead-letters › orders:dead',
      '  ID        AGE  REASON  DELIVERIES  SIZE  FIELDS',
      '> 1795-0  1m00s  boom             3  20 B  body={"a":"\\x1b[31m"}  raw=AP8=',
    ]);
    expect(shownAfter(stage, '2', 'enter', 'enter').slice(2, -1)).toEqual([
      'dead-letters › orders:dead › 1795-0',
      'id          1795-0',
      'in          orders:dead',
      'reason      boom',
      'died        2026-11-22T01:59:05.000Z',
      'deliveries  3',
      'size        20 B',
      '  body: {"a":"\\x1b[31m"}',
      '  raw: \\x00\\xff',
    ]);
  });

  test('until they have come, and where they cannot, it says so', () => {
    const asked = (detail: object | undefined) =>
      shownAfter(stageOf(sampleSnapshot(), { columns: 80 }, { detail: () => detail }), '2', 'enter')[3];
    expect(asked(undefined)).toBe('  looking …');
    expect(asked({ why: 'NOPERM' })).toBe('  unknown: NOPERM');
    expect(asked({ letters: [] })).toBe('  there are no dead letters');
  });

  test('a long text is scrolled, and never beyond its end', () => {
    const long = {
      ...letter,
      fields: { text: Array.from({ length: 60 }, (_, n) => `word${n}`).join(' '.repeat(40)) },
    };
    const opened = stageOf(
      sampleSnapshot(),
      { columns: 60, rows: 12 },
      { detail: () => ({ letters: [long], letter: long }) },
    );
    expect(shownAfter(opened, '2', 'enter', 'enter', 'end').join('\n')).toContain('word59');
    expect(shownAfter(opened, '2', 'enter', 'enter', 'end', 'down', 'up').join('\n')).not.toContain('word59');
    expect(shownAfter(opened, '2', 'enter', 'enter', 'end', 'home')[3]).toBe('id          1795-0');
  });
});
