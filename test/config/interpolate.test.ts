// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the notation under test
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpolate, interpolateText, MissingVariable } from '../../src/config/interpolate.ts';

test('variables, defaults and escapes', () => {
  const env = { HOST: 'streams', EMPTY: '' };
  expect(interpolateText('redis://${HOST}:6379', env)).toBe('redis://streams:6379');
  expect(interpolateText('${NONE:-fallback}/${EMPTY:-x}', env)).toBe('fallback/x');
  expect(interpolateText('${NONE:-}', env)).toBe('');
  expect(interpolateText('$${HOST} costs $5', env)).toBe('${HOST} costs $5');
});

test('a missing variable names itself and its place', () => {
  expect.assertions(2);
  try {
    interpolate({ redis: { hosts: ['a', '${NONE}'] } }, {});
  } catch (error) {
    expect(error).toBeInstanceOf(MissingVariable);
    expect(error).toMatchObject({ variable: 'NONE', path: ['redis', 'hosts', 1] });
  }
});

test('what a variable holds is put in as it is, and never read as a reference', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (a, b) => {
      const value = `${a}\${B}$&$1`;
      expect(interpolateText('<${A}>', { A: value, B: b })).toBe(`<${value}>`);
    }),
  );
});

test('a value without references is returned unchanged', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!JSON.stringify(value).includes('${') && !JSON.stringify(value).includes('__proto__'));
      expect(interpolate(value, {})).toEqual(value);
    }),
  );
});
