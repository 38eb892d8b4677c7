import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FINDINGS } from '../../src/analyse/index.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const tests = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'catalogue.test.ts')
  .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
  .join('\n');

describe('the catalogue of findings', () => {
  test('has each code once, and explains it', () => {
    const codes = FINDINGS.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)]);
    for (const { code, title, why, advice, levels, sides } of FINDINGS) {
      expect(code).toMatch(/^[A-Z][A-Z_]+$/);
      expect(
        [title, why, advice].every((text) => text.length > 10),
        code,
      ).toBe(true);
      expect(why.endsWith('.') && advice.endsWith('.') && !title.endsWith('.'), code).toBe(true);
      expect([levels.length, sides.length]).not.toContain(0);
    }
  });

  test.each(FINDINGS.map(({ code }) => code))('a real server shows %s, and shows it no more', (code) => {
    expect(tests).toMatch(new RegExp(`'${code}'`));
  });
});
