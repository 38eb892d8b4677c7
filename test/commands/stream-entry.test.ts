import { describe, expect, test } from 'vitest';
import { formatEntryFields, formatEntryLine } from '../../commands/term/entry.ts';
import type { Field } from '../../src/model/entry.ts';
import { type MemoryIoOptions, memoryIo } from './memory-io.ts';

const field = (name: string | Buffer, value: string | Buffer): Field => [
  Buffer.from(name),
  Buffer.from(value),
];
const TERMINAL = { columns: 80 };
const fieldsOn = (how: MemoryIoOptions, fields: Field[], style = {}) =>
  formatEntryFields(memoryIo(how).stdout, fields, style);

describe('the fields of an entry', () => {
  test('stand one below the other; JSON is laid out on a terminal, and raw in a pipe', () => {
    const fields = [
      field('type', 'order.created'),
      field('body', '{"id":12345678901234567890,"to":["a",{}]}'),
    ];
    expect(fieldsOn(TERMINAL, fields)).toBe(
      [
        '  type: order.created',
        '  body:',
        '    {',
        '      "id": 12345678901234567890,',
        '      "to": [',
        '        "a",',
        '        {}',
        '      ]',
        '    }',
        '',
      ].join('\n'),
    );
    expect(fieldsOn({}, fields)).toBe(
      '  type: order.created\n  body: {"id":12345678901234567890,"to":["a",{}]}\n',
    );
  });

  test('have names and the names in JSON coloured where there are colours', () => {
    expect(fieldsOn({ columns: 80, colour: true }, [field('a', '{"b":"c: d"}')])).toBe(
      '  \x1b[1ma\x1b[22m:\n    {\n      \x1b[36m"b"\x1b[39m: "c: d"\n    }\n',
    );
  });

  test('that hold control characters or no text cannot steer the terminal', () => {
    const fields = [
      field('a\nb', '\x1b[2J\u009b1m\t\r\n\0'),
      field(Buffer.from([0xff, 0x41]), Buffer.from([0, 0xc3, 0x28, 0x1b, 0x41])),
      field('json', '{"a":"\u009b2J"}'),
    ];
    const lines = ['  a\\nb: \\x1b[2J\\x9b1m\\t\\x0d\\n\\x00', '  \\xffA: \\x00\\xc3(\\x1bA'];
    expect(fieldsOn({}, fields)).toBe([...lines, '  json: {"a":"\\x9b2J"}', ''].join('\n'));
    expect(fieldsOn(TERMINAL, fields)).toBe(
      [...lines, '  json:', '    {', '      "a": "\\x9b2J"', '    }', ''].join('\n'),
    );
  });

  test('that are long are cut on a terminal, unless all of it is wanted, and never in a pipe', () => {
    const long = [field('text', 'x'.repeat(5_000_000))];
    expect(fieldsOn(TERMINAL, long)).toBe(
      `  text: ${'x'.repeat(1999)}… (4.8 MiB; -o json shows all of it)\n`,
    );
    expect(fieldsOn(TERMINAL, long, { rest: '--full shows all of it' })).toContain('(4.8 MiB; --full shows');
    for (const whole of [fieldsOn(TERMINAL, long, { full: true }), fieldsOn({}, long)])
      expect(whole).toBe(`  text: ${'x'.repeat(5_000_000)}\n`);
  });

  test('of long JSON end after forty lines, and long lines of it are cut', () => {
    const list = JSON.stringify(Array.from({ length: 100 }, (_, at) => at));
    const lines = fieldsOn(TERMINAL, [field('body', list)]).split('\n');
    expect(lines.slice(0, 3)).toEqual(['  body:', '    [', '      0,']);
    expect(lines.slice(-3)).toEqual(['      38,', '    … (291 B; -o json shows all of it)', '']);
    expect(fieldsOn(TERMINAL, [field('body', list)], { full: true }).split('\n')).toHaveLength(104);
    const wide = fieldsOn(TERMINAL, [field('body', JSON.stringify(['y'.repeat(9000)]))]);
    expect(wide).toBe(
      `  body:\n    [\n      "${'y'.repeat(1996)}…\n    ]\n    … (8.8 KiB; -o json shows all of it)\n`,
    );
  });

  test('of a megabyte of JSON are not laid out where most of it is cut', () => {
    const list = JSON.stringify(Array.from({ length: 100_000 }, (_, at) => at));
    expect(fieldsOn(TERMINAL, [field('body', list)])).toMatch(/^ {2}body: \[0,1,2,.*… \(575\.1 KiB; .*\)\n$/);
    expect(fieldsOn(TERMINAL, [field('body', list)], { full: true }).split('\n')).toHaveLength(100_004);
  });

  test('are never cut inside a character', () => {
    const text = fieldsOn(TERMINAL, [field('t', 'é€😀'.repeat(3000))]);
    expect(text).not.toContain('\ufffd');
    expect(text).not.toContain('\\x');
  });
});

describe('an entry in one line', () => {
  const fields = [field('type', 'order.created'), field('body', '{"a": 1}\n'), field('n', '1'.repeat(500))];

  test('is cut to the width, and whole without one', () => {
    const line = (width: number) => formatEntryLine(memoryIo(TERMINAL).stdout, fields, width);
    expect(line(40)).toBe('type=order.created  body={"a": 1}\\n  n=…');
    expect(line(Number.POSITIVE_INFINITY)).toBe(`type=order.created  body={"a": 1}\\n  n=${'1'.repeat(500)}`);
    expect(line(0)).toBe('');
  });
});
