import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pack, packedIn, unpack } from '../../src/compare/packed.ts';
import { Spill } from '../../src/compare/spill.ts';
import { compareLines } from './lines.ts';

const record = (key: string) =>
  pack({ key, position: `line ${key}`, timeMs: null, isError: false, text: Buffer.from(`{"k":"${key}"}`) });

test('what is put away in a file comes back whole and in order, and the file has no name meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spill-test-'));
  const spill = new Spill(2, 1, folder);
  const keys = Array.from({ length: 5000 }, (_, at) => `ké ${at} ${'x'.repeat(at % 300)}`);
  for (const [at, key] of keys.entries()) {
    spill.add(at % 2, record(key));
    if (spill.isOver) await spill.settle();
  }
  expect(await readdir(folder)).toEqual([]);
  for (const part of [0, 1]) {
    const wanted = keys.filter((_, at) => at % 2 === part);
    const back: string[] = [];
    for await (const piece of spill.pieces(part))
      back.push(...[...packedIn(piece)].map((packed) => unpack(packed).key));
    expect(back).toEqual(wanted);
    expect([...packedIn(await spill.load(part))].map((packed) => unpack(packed).key)).toEqual(wanted);
  }
  await spill.close();
  expect(await readdir(folder)).toEqual([]);
});

test('a folder that cannot hold the records is named, with what to do', async () => {
  const lines = Array.from({ length: 3000 }, (_, id) => ({ id, text: 'x'.repeat(100) }));
  const options = { folder: '/proc/nowhere', memory: { sideBytes: 1, partBytes: 1 } };
  await expect(compareLines(lines, lines, options)).rejects.toMatchObject({
    code: 'COMPARE_SPILL_FAILED',
    hint: [expect.stringContaining('TMPDIR')],
  });
});
