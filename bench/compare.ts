import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Tell } from './result.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const [QCTL, NAIVE, USAGE] = ['../bin/qctl.js', './compare-naive.mjs', './usage.mjs'].map(path) as [
  string,
  string,
  string,
];
const run = promisify(execFile);

interface Taken {
  matched: number;
  mismatched: number;
  missing: number;
  ms: number;
  peakBytes: number;
}

/** Peak memory of a comparison of files with so many records a side, against two maps of whole records. */
export async function benchCompare(rows: number, tell: Tell): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-compare-'));
  const [old, fresh] = [join(folder, 'old.ndjson'), join(folder, 'new.ndjson')];
  try {
    await write(old, rows, false);
    await write(fresh, rows, true);
    const bytes = (await stat(old)).size + (await stat(fresh)).size;
    const ours = await take(
      [QCTL, 'compare', '--old', `file:${old}`, '--new', `file:${fresh}`, '--key', 'id', '-o', 'json'],
      folder,
    );
    const naive = await take([NAIVE, old, fresh], folder);
    for (const name of ['matched', 'mismatched', 'missing'] as const)
      if (ours[name] !== naive[name]) throw new Error(`${name}: ${ours[name]}, and not ${naive[name]}`);
    const of = `compare, ${rows.toLocaleString('en-GB')} records a side`;
    tell({
      name: `${of}: peak memory`,
      ours: megabytes(ours.peakBytes),
      baseline: `two maps ${megabytes(naive.peakBytes)}`,
      ratio: ours.peakBytes / naive.peakBytes,
      goal: { atMost: 0.4 },
    });
    tell({
      name: `${of}: peak memory`,
      ours: megabytes(ours.peakBytes),
      baseline: `both files ${megabytes(bytes)}`,
      ratio: ours.peakBytes / bytes,
      goal: { atMost: 1 },
    });
    tell({
      name: `${of}: time`,
      ours: `${(ours.ms / 1000).toFixed(1)} s`,
      baseline: `two maps ${(naive.ms / 1000).toFixed(1)} s`,
      ratio: ours.ms / naive.ms,
      goal: null,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The new side in another order; one record in a hundred differs, one in a thousand is not there. */
async function write(path: string, rows: number, changed: boolean): Promise<void> {
  const file = createWriteStream(path);
  for (let at = 0; at < rows; at += 1) {
    const id = changed ? rows - 1 - at : at;
    if (changed && id % 1000 === 7) continue;
    const score = changed && id % 100 === 3 ? -1 : id / 7;
    const row = {
      id: `evt-${id}`,
      score,
      agent: `agent-${id % 500}`,
      text: 'x'.repeat(200),
      tags: ['a', 'b', `${id % 9}`],
    };
    if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

async function take(args: readonly string[], folder: string): Promise<Taken> {
  const usage = join(folder, 'usage.json');
  const env = { ...process.env, QCTL_BENCH_USAGE: usage };
  const started = performance.now();
  const { stdout } = await run(process.execPath, ['--import', USAGE, ...args], { env });
  const ms = performance.now() - started;
  const { counts } = JSON.parse(stdout);
  return { ...counts, ms, peakBytes: JSON.parse(await readFile(usage, 'utf8')).peakBytes };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
