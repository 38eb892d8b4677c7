import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasPassword, redactConfig, redactUrl } from '../../src/config/redact.ts';

test.each([
  ['redis://streams:6379/0', 'redis://streams:6379/0'],
  ['redis://user:secret@streams:6379/0', 'redis://user:***@streams:6379/0'],
  ['redis://:secret@streams', 'redis://:***@streams'],
  ['postgres://user@host/db?sslmode=require', 'postgres://user@host/db?sslmode=require'],
  ['postgres://host/db?user=a&password=secret&x=1', 'postgres://host/db?user=a&password=***&x=1'],
  ['https://q/1/x?X-Amz-Signature=abc#f', 'https://q/1/x?X-Amz-Signature=***#f'],
  ['postgres://u:p@ss/w:rd@host/db', 'postgres://u:***@host/db'],
  ['plain text: not@a url', 'plain text: not@a url'],
  ['', ''],
])('%s is shown as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
  expect(hasPassword(url)).toBe(url !== shown);
});

const password = fc.string({ minLength: 8 }).map((text) => `Sw0rdfish${text}`);
const raw = password.filter((text) => !/[\n]/.test(text));

test('no password in a URL survives, escaped or not', () => {
  fc.assert(
    fc.property(raw, fc.webAuthority(), fc.boolean(), (secret, host, escaped) => {
      const part = escaped ? encodeURIComponent(secret) : secret;
      const shown = redactUrl(`rediss://user:${part}@${host}/0`);
      expect(shown).not.toContain('Sw0rdfish');
      expect(shown.startsWith('rediss://user:***@')).toBe(true);
    }),
  );
});

test('no secret in a configuration survives, however deep it lies', () => {
  const key = fc.constantFrom(
    'password',
    'sentinelPassword',
    'secret',
    'apiToken',
    'authorization',
    'PGPASSWORD',
  );
  fc.assert(
    fc.property(key, password, fc.array(fc.string(), { maxLength: 4 }), (name, secret, path) => {
      const inner: unknown = {
        [name]: secret,
        url: `redis://u:${encodeURIComponent(secret)}@h`,
        list: [{ [name]: secret }],
      };
      const config = path.reduce((value, step) => ({ [step || 'x']: value }), inner);
      expect(JSON.stringify(redactConfig(config))).not.toContain('Sw0rdfish');
    }),
  );
});

test('what is no secret stays, and the original is not changed', () => {
  const config = {
    passwordFile: '/run/secrets/redis',
    passwordCommand: ['vault', 'read', 'secret/x'],
    tls: true,
    db: 0,
    none: null,
  };
  expect(redactConfig(config)).toEqual({ ...config, passwordCommand: ['vault', '***'] });
  expect(config.passwordCommand).toHaveLength(3);
});
