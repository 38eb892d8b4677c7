import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimNames, withNames } from '../../src/sources/postgres/claim-names.ts';
import { ownDatabase } from '../drain/driver.ts';

const run = fc.stringMatching(/^[A-Za-z0-9_.-]{1,24}-\d{8}-\d{6}-[0-9a-f]{4}$/);

describe('the names of a run in the columns of a queue', () => {
  test('are the same for the same run, and others for every other one', () => {
    fc.assert(
      fc.property(run, run, (a, b) => {
        expect(claimNames(a)).toEqual(claimNames(a));
        if (a === b) return;
        for (const name of ['text', 'uuid', 'time'] as const)
          expect(claimNames(a)[name]).not.toBe(claimNames(b)[name]);
      }),
    );
  });

  test('are what PostgreSQL takes them for', async () => {
    const { sql } = await ownDatabase();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 45 }).filter((s) => !s.includes('\0')),
        async (name) => {
          const { text, uuid, time } = claimNames(name);
          const [row] = await sql<{ text: string; uuid: string; time: string; within: boolean }>(
            `SELECT ${text} AS text, (${uuid})::text AS uuid, to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS time,
             ${time} >= '2999-01-01Z' AND ${time} < '3008-01-01Z' AS within`,
          );
          expect(row!.text).toBe(`qctl:${name}`);
          expect(uuid).toBe(`'${row!.uuid}'::uuid`);
          expect(time).toBe(`'${row!.time}+00'::timestamptz`);
          expect(row!.within).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('placeholders', () => {
  const names = { text: '<T>', uuid: '<U>', time: '<W>' };
  /** SQL that must stay as it is, whatever stands in it. */
  const kept = fc.oneof(
    fc.string().map((text) => `'${text.replaceAll("'", "''")}'`),
    fc.string().map((text) => `"${text.replaceAll('"', '""')}"`),
    fc.constantFrom(':text', 'a :uuid b', "it's").map((text) => `$q$${text}$q$`),
    fc.constantFrom(':text', 'a :time').map((text) => `/* ${text} */`),
    fc.constantFrom(
      "E'\\' :text'",
      't.a::text',
      'x::uuid',
      't.b :: time',
      ':texts',
      ':timeout',
      'a',
      '=',
      ' ',
    ),
  );
  const placeholder = fc.constantFrom<['text' | 'uuid' | 'time'][]>(['text'], ['uuid'], ['time']);
  const pieces = fc.array(fc.oneof(kept, placeholder));

  test('are replaced wherever they stand for a value, and nowhere else', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const sql = parts.map((part) => (typeof part === 'string' ? part : `:${part[0]}`)).join(' ');
        const expected = parts.map((part) => (typeof part === 'string' ? part : names[part[0]])).join(' ');
        expect(withNames(sql, names)).toBe(expected);
      }),
    );
  });

  test('stand next to casts and operators', () => {
    expect(withNames('t.a::text=:text AND t.b=:uuid::text -- :text\nAND c < :time', names)).toBe(
      't.a::text=<T> AND t.b=<U>::text -- :text\nAND c < <W>',
    );
  });
});
