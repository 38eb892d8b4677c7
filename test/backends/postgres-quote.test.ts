import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { escapeIdentifier, escapeLiteral } from '../../src/backends/postgres/index.ts';
import { sharedPostgres } from '../support/shared.ts';

/** Texts with much of what matters to the quoting. */
const texts = fc.string({ unit: fc.constantFrom("'", '"', '\\', 'a', ' ', 'E', '\n', 'é', '😀') });

describe('a name and a text in SQL', () => {
  test('are written as pg writes them', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(escapeIdentifier(text)).toBe(pg.escapeIdentifier(text));
        expect(escapeLiteral(text)).toBe(pg.escapeLiteral(text));
      }),
      { numRuns: 500 },
    );
  });

  test('arrive as they are', async () => {
    const hard = String.raw`it's "one" \' of \\ them; -- $1`;
    const rows = await sharedPostgres().query(`SELECT ${escapeLiteral(hard)} AS ${escapeIdentifier(hard)}`);
    expect(rows).toEqual([{ [hard]: hard }]);
  });
});
