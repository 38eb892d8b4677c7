import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeWorkerUtils } from 'graphile-worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillAlerts } from '../../examples/demo/alerts.ts';
import { sendWebhooks } from '../../examples/demo/webhooks.ts';
import { commandsOf } from '../docs/page-commands.ts';
import { whileInvalid } from '../load/running.ts';
import { fillOrders } from '../support/orders.ts';
import { cleanEnvironment } from '../support/qctl.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedPostgres, sharedSqs, uniqueName } from '../support/shared.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** CI runs these itself, as the README has them. */
const EXEMPT = ['npm ci && npm run demo', 'npm ci && npm test'];

/** The texts of all fences of a language, in order. */
function fences(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text!.trim());
}

const blocks = fences(README, 'sh');
/** Run with their own page: they need a table that no other recipe has emptied. */
const elsewhere = commandsOf(join(ROOT, 'docs/first-drain.md')).map(({ line }) => line);
const isElsewhere = (block: string) => block.split('\n').every((line) => elsewhere.includes(line));
const recipes = blocks.filter((block) => !EXEMPT.includes(block) && !isElsewhere(block));

/** What the recipes about the streams must come to, in the order in which the README tells them. */
const OUTCOMES = {
  'qctl claim orders workers': /^claimed +298 for worker-2\ndead letters +14 to orders:dead$/m,
  'qctl consumer reap': /^worker-1 .* (deleted|left: it was seen again)$|^no consumer to delete$/m,
  'qctl dlq replay': /^replayed +14\n/m,
  'qctl drain stop': /state +paus(?:ing|ed)[\s\S]*NOW\n.* stop /m,
  'qctl drain redis': /^returned +300\n[\s\S]*^converged: /m,
  'qctl breaker check':
    /CRITICAL wazuh-api: open[\s\S]*exit code 2: wake[\s\S]*^wazuh-api +open .* 5 of 5 calls failed/m,
  'qctl breaker hold': /^wazuh-api +held open[\s\S]*released[\s\S]*open -> closed: reset by /m,
  'qctl cutover run': /^result +completed$[\s\S]*^state +rolled back$/m,
  'qctl route set': /^customers +percent +- +5%$[\s\S]*^4711 +old +percent +9939 /m,
  'qctl load run': /^correctness +0 lost, 0 doubled[\s\S]*^passed$/m,
  'qctl serve': /"status":"ok"[\s\S]*^qctl_stream_length\{stream="orders"\} \d+$[\s\S]*^orders:dead /m,
  'qctl alerts list': /^redis-gone +critical +ok /m,
  'qctl check lag': /^LAG OK - orders\/workers: lag 314, age /m,
};

let redis: TestRedis;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  redis = await startRedis({ aof: 'everysec' });
  await fillOrders(redis.url);
  const sqs = sharedSqs();
  const database = await sharedPostgres().createDatabase();
  await fillAlerts(database, 6000);
  await addJobs(database);
  const { queueUrl } = await sendWebhooks(sqs, uniqueName('webhooks'), 300);
  folder = mkdtempSync(join(tmpdir(), 'qctl-readme-'));
  writeFileSync(join(folder, 'qctl.yaml'), fences(README, 'yaml').join('\n'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/qctl'));
  // A program, and no function: what a block starts with & has to end with kill $!.
  mkdirSync(join(folder, 'bin'));
  // An empty queue is believed to be so at once, not after ten seconds.
  const soon = 'case "$1 $2" in "drain sqs") set -- "$@" --wait 1s --settle 100ms ;; esac';
  const program = `#!/bin/sh\n${soon}\nexec "${process.execPath}" "${join(ROOT, 'bin/qctl.js')}" "$@"\n`;
  writeFileSync(join(folder, 'bin/qctl'), program, { mode: 0o755 });
  env = {
    ...cleanEnvironment(),
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    QCTL_REDIS_URL: redis.url,
    DATABASE_URL: database,
    SQS_QUEUE_URL: queueUrl,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_REGION: 'us-east-1',
  };
});

afterAll(async () => {
  await redis?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** The program that calls a dependency, with one that nothing listens for: the fifth failure opens its breaker. */
async function callDependency(): Promise<void> {
  const program = fences(README, 'js').find((text) => text.includes('CircuitBreaker'));
  const local = program!.replace('http://wazuh.internal:55000', 'http://127.0.0.1:1');
  const { stdout, stderr } = await shell(`node --input-type=module -e "$PROGRAM"`, { PROGRAM: local });
  expect({ stdout, stderr }).toEqual({ stdout: 'the agents as last seen\n', stderr: '' });
}

/** A queue as a job library makes it. */
async function addJobs(database: string): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: database });
  await utils.migrate();
  for (let i = 0; i < 30; i += 1)
    await utils.addJob('mail', { i }, i % 10 === 3 ? { runAt: new Date(Date.now() + 3_600_000) } : {});
  await utils.release();
}

/** A block as a shell runs it, up to the first command that fails. */
function shell(
  block: string,
  more: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const script = `set -euo pipefail\n${block}`;
    execFile(
      'bash',
      ['-c', script],
      { env: { ...env, ...more }, cwd: folder, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
      },
    );
  });
}

describe('README.md', () => {
  test('has the two commands for a fresh clone, and they exist', () => {
    expect(blocks.filter((block) => EXEMPT.includes(block))).toEqual(EXEMPT);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test', 'check', 'bench']));
  });

  test('shows commands in sh fences only', () => {
    for (const language of ['bash', 'shell', 'console']) expect(fences(README, language)).toEqual([]);
    for (const text of fences(README, 'text')) expect(text).not.toMatch(/^\$? ?(npx )?qctl /m);
  });

  test.each(recipes.map((block) => [block]))('%s', async (block) => {
    // Only now: on a busy machine a minute is over before the recipe is reached, and the breaker half-open.
    if (block.includes('qctl breaker check')) await Promise.all(Array.from({ length: 5 }, callDependency));
    // What this machine has to do besides may rightly make the result of a load test invalid.
    const { code, stdout, stderr } = await whileInvalid(
      () => shell(block.replace('--rate 1000/s --count 5000', '--rate 500/s --count 500')),
      (ended) => block.includes('load run') && ended.stderr.includes('the result is invalid'),
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    // What goes on after a table that earlier recipes have emptied finds nothing to do.
    const proof = block.includes('--follow')
      ? /^converged: (everything .* exactly once|nothing was to be done: no row matches)$/m
      : /^converged: everything .* (exactly once|acknowledged in the stream)$/m;
    if (/^qctl (drain (postgres|sqs).*--yes|verify)/m.test(block)) expect(stdout).toMatch(proof);
    for (const [command, outcome] of Object.entries(OUTCOMES))
      if (block.includes(command)) expect(stdout).toMatch(outcome);
  });

  test('the program that asks a route answers as the command does', async () => {
    const program = fences(README, 'js').find((text) => text.includes('Router'))!;
    const { stdout, stderr } = await shell(`node --input-type=module -e "$PROGRAM"`, { PROGRAM: program });
    expect({ stdout, stderr }).toEqual({ stdout: 'old\n', stderr: '' });
  });
});

/** The pages of a folder. */
function pagesOf(path: string): string[] {
  const names = readdirSync(join(ROOT, path)).filter((name) => name.endsWith('.md'));
  return names.map((name) => `${path}/${name}`);
}

describe('links', () => {
  const pages = ['README.md', ...pagesOf('docs'), 'examples/breakers/README.md'];

  test.each(pages)('of %s lead somewhere', (page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
    const here = join(ROOT, page, '..');
    expect(targets.filter((target) => !/^https?:/.test(target) && !existsSync(join(here, target)))).toEqual(
      [],
    );
  });
});
