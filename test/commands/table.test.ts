import { expect, test } from 'vitest';
import { type Column, formatFields, formatTable } from '../../commands/term/table.ts';
import { printable, truncate, visibleWidth, wrap } from '../../commands/term/text.ts';
import { memoryIo } from './memory-io.ts';

interface Row {
  name: string;
  length: number | null;
}

const COLUMNS: Column<Row>[] = [
  { head: 'NAME', value: (row) => row.name },
  { head: 'LENGTH', value: (row) => row.length, align: 'right' },
];

const ROWS: Row[] = [
  { name: 'a-stream-with-a-name-that-goes-on-and-on-and-on-and-does-not-end-before-the-edge', length: 12 },
  { name: 'short', length: null },
];

test('on a terminal a table is cut to the width', () => {
  expect(formatTable(memoryIo({ columns: 40 }).stdout, COLUMNS, ROWS)).toBe(
    [
      'NAME                              LENGTH',
      'a-stream-with-a-name-that-goes-…      12',
      'short                                  -',
      '',
    ].join('\n'),
  );
});

test('an id that has to be typed again is never cut', () => {
  const { stdout } = memoryIo({ columns: 40 });
  const rows = [{ run: 'alerts-20261121-081530-4f2a', source: 'postgres://db.internal/app public.alerts' }];
  const columns = [
    { head: 'RUN', value: (row: (typeof rows)[0]) => row.run, whole: true },
    { head: 'SOURCE', value: (row: (typeof rows)[0]) => row.source },
  ];
  const [, line] = formatTable(stdout, columns, rows).split('\n');
  expect(line).toMatch(/^alerts-20261121-081530-4f2a {2}postgres.*…$/);
  expect(line).toHaveLength(40);
});

test('a number is never cut, its heading may be', () => {
  const columns: Column<Row>[] = [
    { head: 'NAME', value: (row) => row.name },
    { head: 'A-LONG-HEADING', value: () => '1,234,567', align: 'right' },
  ];
  const rows = [{ name: 'orders-of-the-day', length: 1 }];
  expect(formatTable(memoryIo({ columns: 20 }).stdout, columns, rows)).toBe(
    'NAME       A-LONG-H…\norders-o…  1,234,567\n',
  );
});

test('a table that is too wide for the terminal becomes a block a row, with nothing cut', () => {
  const columns: Column<Row>[] = [
    { head: 'NAME', value: (row) => row.name },
    { head: 'FIRST', value: () => '1,234,567', align: 'right' },
    { head: 'SECOND', value: () => '7,654,321', align: 'right' },
  ];
  const rows = ['orders-of-the-day', 'others'].map((name) => ({ name, length: 1 }));
  expect(formatTable(memoryIo({ columns: 24 }).stdout, columns, rows)).toBe(
    [
      'name    orders-of-the-da\n        y',
      'first   1,234,567\nsecond  7,654,321',
      '',
      'name    others',
      'first   1,234,567\nsecond  7,654,321\n',
    ].join('\n'),
  );
});

test('in a pipe a table is never cut', () => {
  const text = formatTable(memoryIo().stdout, COLUMNS, ROWS);
  expect(text).toContain(ROWS[0]!.name);
  expect(text.split('\n')).toHaveLength(4);
});

test('a column that wraps goes on below and keeps all its words', () => {
  const columns: Column<string>[] = [
    { head: 'CODE', value: () => 1, align: 'right' },
    { head: 'MEANING', value: (row) => row, wrap: true },
  ];
  const text = formatTable(memoryIo({ columns: 24 }).stdout, columns, ['one two three four five']);
  expect(text).toBe(['CODE  MEANING', '   1  one two three four', '      five', ''].join('\n'));
});

test('colours are there with colour and only there', () => {
  const styled: Column<Row>[] = [{ head: 'NAME', value: (row) => row.name, style: (text) => `<${text}>` }];
  expect(formatTable(memoryIo({ columns: 80, colour: true }).stdout, styled, [ROWS[1]!])).toBe(
    '\x1b[1mNAME\x1b[22m\n<short>\n',
  );
  expect(formatTable(memoryIo({ columns: 80 }).stdout, styled, [ROWS[1]!])).toBe('NAME\nshort\n');
});

test('what a queue holds cannot steer the terminal', () => {
  const [line] = formatTable(memoryIo().stdout, [COLUMNS[0]!], [{ name: '\x1b[2J\ta\nb\x07', length: 0 }])
    .split('\n')
    .slice(1);
  expect(line).toBe('\\x1b[2J\\ta\\nb\\x07');
});

test('fields stand below each other, unknown ones as a dash', () => {
  expect(
    formatFields(memoryIo().stdout, [
      ['run', 'r1'],
      ['appended', 0],
      ['lag', null],
    ]),
  ).toBe('run       r1\nappended  0\nlag       -\n');
  expect(formatFields(memoryIo({ columns: 20 }).stdout, [['note', 'one two three four']])).toBe(
    'note  one two three\n      four\n',
  );
});

test('widths count what a terminal shows', () => {
  expect(visibleWidth('\x1b[31mred\x1b[39m')).toBe(3);
  expect(visibleWidth('日本')).toBe(4);
  expect(visibleWidth('e\u0301')).toBe(1);
  expect(truncate('日本語', 4)).toBe('日…');
  expect(truncate('abc', 3)).toBe('abc');
  expect(truncate('abcd', 3)).toBe('ab…');
  expect(wrap('a bb ccc', 4)).toBe('a bb\nccc');
  expect(printable('plain ü 日')).toBe('plain ü 日');
});

test('a wide or combining letter takes as many columns as a terminal gives it, colours take none', () => {
  const columns: Column<{ name: string }>[] = [
    { head: 'NAME', value: (row) => row.name, style: (text) => `\u001b[31m${text}\u001b[39m` },
    { head: 'N', value: () => 1, align: 'right' },
  ];
  const rows = ['abcd', '注文', '\u{20bb7}野', 'שָׁב', '🙂é'].map((name) => ({ name }));
  const lines = formatTable(memoryIo({ columns: 40, colour: true }).stdout, columns, rows)
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => visibleWidth(line))).toEqual(Array(6).fill(7));
  expect(lines[2]).toBe('\u001b[31m注文\u001b[39m  1');
});

test('a table of very many rows is made at all, and each row is as wide as the widest', () => {
  const rows = Array.from({ length: 150_000 }, (_, at) => ({ name: `n${at}` }));
  const lines = formatTable(
    memoryIo().stdout,
    [COLUMNS[0]!, { ...COLUMNS[1]!, value: () => 7 }] as Column<{ name: string }>[],
    rows,
  ).split('\n');
  expect(lines).toHaveLength(150_002);
  expect(new Set(lines.slice(0, -1).map((line) => line.length))).toEqual(new Set([15]));
});
