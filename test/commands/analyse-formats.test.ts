import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatJunit, xml } from '../../commands/analyse/format-junit.ts';
import { formatMarkdown } from '../../commands/analyse/format-markdown.ts';
import type { Analysis, Changes, ShownFinding } from '../../src/analyse/index.ts';
import { outlineOf } from '../support/junit.ts';
import { SECRET, useMigration } from './analyse-driver.ts';

const migration = useMigration();

const blocked = async (...argv: string[]): Promise<string> => {
  await migration.block();
  const { code, stdout, stderr } = await migration.run(argv);
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  return stdout;
};

test('every format carries the same findings, with what, why and remedy', async () => {
  const { findings, verdict }: Analysis = JSON.parse(await blocked('-o', 'json'));
  expect(verdict).toBe('blocked');
  const codes = findings.map(({ code }) => code);
  expect(codes).toContain('TARGET_NOT_A_STREAM');
  expect(parse(await blocked('-o', 'yaml')).findings).toEqual(findings);
  expect(JSON.parse(await blocked('-o', 'ndjson')).findings).toEqual(findings);
  const table = await blocked('-v');
  const page = await blocked('-o', 'markdown');
  expect([...page.matchAll(/^### (?:blocker|warning|note): (\w+)$/gm)].map(([, code]) => code)).toEqual(
    codes,
  );
  for (const { level, code, what, why, remedy } of findings) {
    expect(table).toContain(`${level} ${code} `);
    expect(table).toContain(what);
    expect(table).toContain(`why: ${why}`);
    if (remedy !== null) expect(table).toContain(`-> ${remedy}`);
    expect(unescaped(page)).toContain(unescaped(`- What: ${what}\n- Why it matters: ${why}`));
  }
});

const unescaped = (text: string) => text.replaceAll('\\', '');

test('the parts of a page: the verdict above all, then findings, then facts', async () => {
  const page = await blocked('-o', 'markdown');
  expect(page.match(/^#{1,2} .*/gm)).toEqual([
    expect.stringMatching(/^# Migration analysis: not ready: 1 blocker, /),
    '## Findings',
    '## alerts',
    '## hooks',
    expect.stringMatching(/^## Redis `redis:/),
  ]);
});

test('in JUnit each blocker is a failure, and the rest of what was looked for passed', async () => {
  const document = await blocked('-o', 'junit');
  expect(outlineOf(document)).toMatchObject({ name: 'testsuites', failures: 1 });
  expect(document.match(/<testsuite name="[^"]*"/g)).toEqual([
    '<testsuite name="redis"',
    '<testsuite name="postgres"',
    '<testsuite name="move"',
    '<testsuite name="sqs"',
  ]);
  expect(document).toContain('<failure type="blocker" message="key alerts holds a string, not a stream">');
  expect(document).toContain('name="EVICTION"/>');
});

test('in JUnit warnings are failures with --strict only', async () => {
  await migration.forgetting(async () => {
    const failuresOf = async (...argv: string[]) =>
      outlineOf((await migration.run(['--source', 'alerts', '-o', 'junit', ...argv])).stdout).failures;
    expect(await failuresOf()).toBe(0);
    expect(await failuresOf('--strict')).toBeGreaterThan(0);
  });
});

test('names that hold markup, quotes and control characters stay names, in XML and in Markdown', () => {
  const about = `a<b>&"c'\u0001\u001b[31m|x\ud800]]>`;
  const finding: ShownFinding = {
    ...{ level: 'blocker', code: 'TARGET_NOT_A_STREAM', about, what: `key ${about} is <b>bold</b>` },
    ...{ why: '<script>', remedy: `DEL "${about}"` },
  };
  const analysis = {
    ...{ at: '2026-11-22T00:00:00.000Z', verdict: 'blocked', blockers: 1, warnings: 0, notes: 0 },
    ...{ server: { label: about }, moves: [], findings: [finding] },
  } as unknown as Analysis;
  const document = formatJunit(analysis, false);
  expect(outlineOf(document)).toMatchObject({ failures: 1 });
  expect(document).toContain('a&lt;b&gt;&amp;&quot;c&apos;\ufffd\ufffd[31m|x\ufffd]]&gt;');
  const page = formatMarkdown({ analysis, changes: undefined as Changes | undefined });
  expect(page).not.toContain('<script>');
  expect(page).not.toContain('<b>bold');
  expect(xml('plain 😀 text')).toBe('plain 😀 text');
});

test('a table whose name is markup is named in well-formed XML', async () => {
  await migration.table.sql(`CREATE TABLE "a<b>&""c'" (id bigint PRIMARY KEY, payload text)`);
  const argv = [
    '--postgres-url',
    migration.table.url,
    '--table',
    `"a<b>&""c'"`,
    '--target',
    'odd',
    '-o',
    'junit',
  ];
  const { code, stdout } = await migration.run(argv);
  expect(code).toBe(0);
  expect(outlineOf(stdout).failures).toBe(0);
  expect(stdout).toContain('a&lt;b&gt;&amp;');
});

test('the password of Redis stands nowhere, in no format and in no file', async () => {
  const { folder } = migration.redis.server;
  const [saved, out] = [join(folder, 'saved.json'), join(folder, 'out.xml')];
  const outputs = ['table', 'json', 'ndjson', 'yaml', 'markdown', 'junit'];
  const ends = await Promise.all(
    outputs.map((format) => migration.run(['--target', 'x', '-o', format, '--verbose'])),
  );
  ends.push(await migration.run(['-o', 'junit', '--out-file', out, '--save', saved]));
  for (const { stdout, stderr } of ends) expect(stdout + stderr).not.toContain(SECRET);
  expect(await readFile(out, 'utf8')).toContain('<testsuites');
  for (const file of [out, saved]) expect(await readFile(file, 'utf8')).not.toContain(SECRET);
});
