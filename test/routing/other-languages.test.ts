import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { sharedRedisUrl } from '../support/shared.ts';

const PAGE = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
const VECTORS = JSON.parse(
  readFileSync(new URL('../../docs/routing-vectors.json', import.meta.url), 'utf8'),
) as { buckets: { name: string; seed?: string; key: string; bucket: number }[] };
const ASKED = VECTORS.buckets.map(({ name, seed, key }) => [seed ? `${name}#${seed}` : name, key]);
const BUCKETS = VECTORS.buckets.map(({ bucket }) => bucket);
const sideOf = (bucket: number) => (bucket < 2500 ? 'new' : 'old');

function snippet(language: string): string {
  return new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(PAGE)![1]!;
}

test('the Python of the page finds every bucket', () => {
  const program = `${snippet('python')}
import json, sys
asked = json.load(sys.stdin)
print(json.dumps([[bucket(n, k) for n, k in asked], [side(n, k, 25) for n, k in asked]]))`;
  const { stdout, error, stderr } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(ASKED),
    encoding: 'utf8',
  });
  if (error)
    throw new Error('python3 is missing: install it (apt-get install python3), no package is needed');
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([BUCKETS, BUCKETS.map(sideOf)]);
});

test('the Lua of the page finds them inside Redis', async () => {
  const client = new Redis(sharedRedisUrl());
  const program = `${snippet('lua')}
local found = {}
for i = 1, #ARGV, 2 do found[#found + 1] = bucket(ARGV[i], ARGV[i + 1]) end
return found`;
  expect(await client.eval(program, 0, ...ASKED.flat())).toEqual(BUCKETS);
  client.disconnect();
});

/**
 * The text that was compiled and run: with an empty build cache Go takes a minute, which no suite has. Whoever changes
 * the page runs this test with QCTL_TEST_GO=1, and then puts the new digest here.
 */
const GO_THAT_WAS_RUN = '9c7fdbf60008e2f9174115c0d2dd2163e5aea7068375bb66cf6331f20d5cdff0';

test('the Go of the page is what was run, and finds them', () => {
  expect(createHash('sha256').update(snippet('go')).digest('hex')).toBe(GO_THAT_WAS_RUN);
  if (!process.env.QCTL_TEST_GO) return;
  const folder = mkdtempSync(join(tmpdir(), 'qctl-go-'));
  const main = `package main
import ("bufio"; "os"; "strconv"; "strings")
func main() {
  lines := bufio.NewScanner(os.Stdin)
  for lines.Scan() {
    asked := strings.SplitN(lines.Text(), "\\t", 2)
    println(strconv.Itoa(int(Bucket(asked[0], asked[1]))) + " " + Side(asked[0], asked[1], 25))
  }
}`;
  writeFileSync(join(folder, 'route.go'), snippet('go').replace('package route', 'package main'));
  writeFileSync(join(folder, 'main.go'), main);
  const { stderr } = spawnSync('go', ['run', join(folder, 'route.go'), join(folder, 'main.go')], {
    input: `${ASKED.map((pair) => pair.join('\t')).join('\n')}\n`,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'off' },
  });
  rmSync(folder, { recursive: true });
  expect(stderr.trim().split('\n')).toEqual(BUCKETS.map((bucket) => `${bucket} ${sideOf(bucket)}`));
});
