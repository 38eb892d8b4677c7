// Writes what is derived from tables in the code: completions/manifest.json, the README's table of commands and
// docs/findings.md.
// With --check it writes nothing and fails where a file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildManifest, formatManifest } from '../commands/manifest.ts';
import { COMMANDS } from '../commands/registry.ts';
import { findingsPage } from './findings-page.ts';

const START = '<!-- commands:start -->';
const END = '<!-- commands:end -->';

function commandTable(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = COMMANDS.map((entry) => {
    const usage = ['qctl', entry.name, entry.args].filter(Boolean).join(' ');
    return `| \`${usage}\` | ${entry.impact} | ${cell(entry.summary)} |`;
  });
  return ['| command | impact | what it does |', '|---|---|---|', ...rows].join('\n');
}

function withTable(readme: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) return readme;
  return `${readme.slice(0, start + START.length)}\n${commandTable()}\n${readme.slice(end)}`;
}

function update(name: string, wanted: (current: string) => string, check: boolean): boolean {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const next = wanted(current);
  if (current === next) return true;
  if (check) process.stderr.write(`${name} is stale: run npm run generate\n`);
  else writeFileSync(path, next);
  return !check;
}

const check = process.argv.includes('--check');
const manifest = formatManifest(await buildManifest());
const results = [
  update('completions/manifest.json', () => manifest, check),
  update('docs/findings.md', findingsPage, check),
];
if (existsSync(new URL('../README.md', import.meta.url))) results.push(update('README.md', withTable, check));
process.exitCode = results.every(Boolean) ? 0 : 1;
