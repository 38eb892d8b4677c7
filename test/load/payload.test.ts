import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPayload } from '../../src/load/payload/open.ts';
import type { PayloadMaker } from '../../src/load/payload/payload.ts';
import { profileOf } from '../../src/load/profile/read.ts';
import { doors } from '../metrics/measuring.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-payload-'));
});
afterAll(() => rm(folder, { recursive: true }));

const open = (payload: unknown, more: object = {}) =>
  openPayload(profileOf({ raw: { rate: 'max', count: 1, payload, ...more }, folder }), doors());
const take = (maker: PayloadMaker, count: number) =>
  Array.from({ length: count }, (_, seq) => maker.next(seq));
const bodies = (maker: PayloadMaker, count: number) => take(maker, count).map(({ body }) => body.toString());
const file = async (name: string, content: string | Buffer) => {
  await writeFile(join(folder, name), content);
  return name;
};
const refused = async (payload: unknown, more?: object) => {
  const error = await open(payload, more).catch((thrown) => thrown);
  expect(error).toMatchObject({ kind: 'config', code: 'LOAD_PAYLOAD_INVALID' });
  return `${error.message} | ${error.hint.join(' | ')}`;
};

/** Sum of (seen - expected)² / expected: about as large as there are values, where they are what was expected. */
function chiSquare(seen: number[], share: (at: number) => number): number {
  const all = seen.reduce((sum, count) => sum + count, 0);
  return seen.reduce((sum, count, at) => sum + (count - all * share(at)) ** 2 / (all * share(at)), 0);
}

test('a fixed size is one printable body for all messages, with its CRC', async () => {
  const maker = await open({ bytes: '64KB' });
  const [first, second] = take(maker, 2);
  expect(first).toMatchObject({ key: null, keyIndex: -1, crc: crc32(first!.body) });
  expect(first!.body.toString()).toMatch(/^[\w-]{65536}$/);
  expect(second!.body).toBe(first!.body);
  expect(maker.meanBytes).toBe(65_536);
  expect((await open(16 * 1024 * 1024)).next(0).body.length).toBe(16 * 1024 * 1024);
});

test('sizes come as often as their weights say', async () => {
  const maker = await open({ sizes: { 256: 70, '4KB': 25, '1.5KB': 5 } });
  const all = take(maker, 20_000);
  const sizes = all.map(({ body }) => body.length);
  expect(all.filter(({ body, crc }) => crc !== crc32(body))).toEqual([]);
  const seen = [256, 4096, 1536].map((size) => sizes.filter((one) => one === size).length);
  expect(chiSquare(seen, (at) => [0.7, 0.25, 0.05][at]!)).toBeLessThan(12);
  expect(maker.meanBytes).toBeCloseTo(256 * 0.7 + 4096 * 0.25 + 1536 * 0.05, 6);
});

test('a size that is none is named', async () => {
  expect(await refused({ sizes: { 256: 1, large: 2 } })).toContain('payload.sizes.large: expected a size');
  expect(await refused({ sizes: { '17MB': 1 } })).toContain(
    'payload.sizes.17MB: expected a size up to 16 MiB',
  );
  expect(await refused({ sizes: {} })).toContain('payload.sizes: names no size');
});

test('a file is every body as a whole, or a body a line in turn, bytes as they are', async () => {
  const bytes = Buffer.from([0xff, 0x0a, 0x00, 0x0d]);
  expect((await open({ file: await file('whole.bin', bytes) })).next(5).body).toEqual(bytes);
  const lines = await open({ file: await file('lines.ndjson', '{"a":1}\r\n\n{"b":\r2}\nlast'), lines: true });
  expect(bodies(lines, 4)).toEqual(['{"a":1}', '{"b":\r2}', 'last', '{"a":1}']);
  expect(lines.meanBytes).toBeCloseTo((7 + 8 + 4) / 3);
  expect(lines.next(1).crc).toBe(crc32('{"b":\r2}'));
});

test('a file that cannot be taken is named with its field', async () => {
  expect(await refused({ file: 'gone.json' })).toContain(
    `payload.file: cannot read ${join(folder, 'gone.json')} (ENOENT)`,
  );
  expect(await refused({ file: '.' })).toContain('(EISDIR)');
  expect(await refused({ file: await file('blank', '\n\r\n'), lines: true })).toContain('has no line');
  expect(await refused({ file: await file('large', Buffer.alloc(16 * 1024 * 1024 + 1)) })).toContain(
    '16.0 MiB',
  );
  expect(await refused({ templateFile: await file('latin1', Buffer.from([0xe4])) })).toContain('no UTF-8');
});

test('a template is filled for each message', async () => {
  const template =
    '{"n":{{seq}},"id":"{{uuid}}","at":"{{ now }}","ms":{{now ms}},"r":{{rand}},"die":{{rand 1 6}},"k":"{{key}}","t":"{{{{x}} ä"}';
  const maker = await open({ template }, { keys: { count: 3 } });
  const before = Date.now();
  const all = take(maker, 300).map((one) => ({ ...one, json: JSON.parse(one.body.toString()) }));
  for (const [seq, { json, key, keyIndex, body, crc }] of all.entries()) {
    expect(json).toMatchObject({ n: seq, k: key, t: '{{x}} ä' });
    expect(key).toBe(`key-${keyIndex}`);
    expect(crc).toBe(crc32(body));
    expect(json.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(json.at).toBe(new Date(json.at).toISOString());
    for (const ms of [json.ms, Date.parse(json.at)]) expect(ms >= before && ms <= Date.now()).toBe(true);
    expect(Number.isInteger(json.r) && json.r >= 0 && json.r < 2 ** 31).toBe(true);
  }
  expect([...new Set(all.map(({ json }) => json.die))].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(new Set(all.map(({ json }) => json.r)).size).toBeGreaterThan(290);
  expect(new Set(all.map(({ json }) => json.id)).size).toBe(300);
  expect(Math.abs(maker.meanBytes - all[0]!.body.length)).toBeLessThan(20);
});

test('a template may stand in a file, and braces that are no placeholder stay', async () => {
  const templateFile = await file('template.json', '{"a":{"b":{{seq}}}}{{{seq}}}');
  expect(bodies(await open({ templateFile }), 2)).toEqual(['{"a":{"b":0}}{0}', '{"a":{"b":1}}{1}']);
});

test('a placeholder that is not known, or cannot be filled, is refused by name', async () => {
  const templates: [string, string][] = [
    ['{{seqq}}', 'payload.template: placeholder {{seqq}} is not known | did you mean {{seq}}?'],
    ['{{constructor}}', 'placeholder {{constructor}} is not known'],
    ['{{}}', 'placeholder {{}} is not known'],
    ['{{rand 6 1}}', 'placeholder {{rand 6 1}} cannot be meant'],
    ['{{rand 1}}', 'placeholder {{rand 1}} cannot be meant'],
    ['{{rand 0x1 2}}', 'placeholder {{rand 0x1 2}} cannot be meant'],
    ['{{seq 1}}', 'placeholder {{seq 1}} cannot be meant'],
    ['{{now s}}', 'placeholder {{now s}} cannot be meant'],
    ['{{seq}', 'a placeholder is not closed: "{{seq}"'],
    ['{{key}}', '{{key}} stands in it, and messages have no keys'],
  ];
  for (const [template, message] of templates) expect(await refused({ template })).toContain(message);
  expect(await refused({ templateFile: await file('bad.txt', '{{sec}}') })).toContain(
    'payload.templateFile: ',
  );
});

test('the same seed makes the same messages, another one others', async () => {
  const made = async (seed: number) => {
    const keys = { count: 1000, distribution: 'zipf' };
    const parts = [
      { bytes: 40 },
      { sizes: { 10: 1, 20: 1 } },
      { template: '{{seq}} {{rand}} {{rand 1 9}} {{key}}' },
    ];
    const makers = await Promise.all(parts.map((payload) => open(payload, { seed, keys })));
    return makers.map((maker) => take(maker, 50).map(({ body, key }) => `${body} ${key}`));
  };
  const [one, again, other] = [await made(7), await made(7), await made(8)];
  expect(again).toEqual(one);
  for (const [at, all] of other.entries()) expect(all).not.toEqual(one[at]);
});

test('keys come evenly', async () => {
  const maker = await open(8, { keys: { count: 50 } });
  const seen = new Array<number>(50).fill(0);
  for (const { keyIndex } of take(maker, 50_000)) seen[keyIndex]! += 1;
  // 49 degrees of freedom: 86 is passed once in a thousand, and the seed is fixed.
  expect(chiSquare(seen, () => 1 / 50)).toBeLessThan(86);
});

test('keys of a zipf distribution come as often as their rank says', async () => {
  for (const skew of [0.5, 1, 2]) {
    const maker = await open(8, { keys: { count: 20, distribution: 'zipf', skew } });
    const seen = new Array<number>(20).fill(0);
    for (const { keyIndex } of take(maker, 50_000)) seen[keyIndex]! += 1;
    const sum = seen.reduce((total, _, at) => total + (at + 1) ** -skew, 0);
    expect(chiSquare(seen, (at) => (at + 1) ** -skew / sum)).toBeLessThan(44);
  }
});

test('a million keys may be used, the first one most', async () => {
  const maker = await open(8, { keys: { count: 1_000_000, distribution: 'zipf' } });
  const indices = take(maker, 20_000).map(({ keyIndex }) => keyIndex);
  // 1 of H(1,000,000) = 14.39.
  expect(indices.filter((at) => at === 0).length / 20_000).toBeCloseTo(1 / 14.39, 2);
  expect(Math.max(...indices)).toBeGreaterThan(900_000);
});
