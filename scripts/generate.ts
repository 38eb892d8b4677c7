// Writes what is derived from tables in the code: completions/manifest.json, the README's table of commands,
// docs/findings.md, docs/routing-vectors.json, docs/schema/cutover-plan.schema.json, docs/breaker-scripts/,
// docs/monitoring/, the table of settings in docs/breakers.md, that of metrics in docs/plan-checks.md, and those in
// docs/metrics.md, docs/reference.md and man/qctl.1 from the commands' own help, and THIRD-PARTY-LICENSES.md from the
// lock file.
// With --check it writes nothing and fails where a file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildManifest, formatManifest } from '../commands/manifest.ts';
import { COMMANDS } from '../commands/registry.ts';
import { formatJson } from '../commands/term/json.ts';
import { PLAN_SCHEMA_FILE, planJsonSchema } from '../src/cutover/index.ts';
import { publishedScripts, settingsTable } from './breaker-scripts.ts';
import { findingsPage } from './findings-page.ts';
import { metricsTable } from './metrics-table.ts';
import { dashboard } from './monitoring/dashboard.ts';
import { RULES_FILE, rulesFile, ruleTestsFile } from './monitoring/rules-file.ts';
import { describeCommands } from './reference/describe.ts';
import { manPage } from './reference/man.ts';
import { referencePage } from './reference/page.ts';
import { routingVectors } from './routing-vectors.ts';
import { seriesTable } from './series-table.ts';
import { thirdPartyPage } from './third-party.ts';

/** A line for each noun: what there is to it stands in the reference. */
function commandTable(): string {
  const nouns = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]!))];
  const rows = nouns.map((noun) => {
    const own = COMMANDS.filter(({ name }) => name === noun || name.startsWith(`${noun} `));
    const verbs = own.flatMap(({ name, args }) => name.slice(noun.length + 1) || (args ? `\`${args}\`` : []));
    const what = own.length === 1 ? own[0]!.summary : verbs.join(', ');
    return `| [\`qctl ${noun}\`](docs/reference.md#${noun}) | ${what.replaceAll('|', '\\|')} |`;
  });
  return ['| command | what it does, or what there is of it |', '|---|---|', ...rows].join('\n');
}

/** A page with what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->` replaced. */
function withPart(page: string, name: string, part: string): string {
  const [opening, closing] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const start = page.indexOf(opening);
  const end = page.indexOf(closing);
  if (start < 0 || end < start) return page;
  return `${page.slice(0, start + opening.length)}\n${part}\n${page.slice(end)}`;
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
const commands = await describeCommands();
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const results = [
  update('completions/manifest.json', () => manifest, check),
  update(`docs/schema/${PLAN_SCHEMA_FILE}`, () => formatJson(planJsonSchema()), check),
  update('THIRD-PARTY-LICENSES.md', () => thirdPartyPage(), check),
  update('docs/reference.md', () => referencePage(commands), check),
  update('man/qctl.1', () => manPage(commands, version), check),
  update('docs/findings.md', findingsPage, check),
  update('docs/routing-vectors.json', routingVectors, check),
  update('docs/breakers.md', (page) => withPart(page, 'settings', settingsTable()), check),
  update('docs/plan-checks.md', (page) => withPart(page, 'metrics', metricsTable()), check),
  update('docs/metrics.md', (page) => withPart(page, 'series', seriesTable()), check),
  update('docs/monitoring/grafana-dashboard.json', () => formatJson(dashboard()), check),
  update(`docs/monitoring/${RULES_FILE}`, rulesFile, check),
  update('docs/monitoring/prometheus-rules.test.yml', ruleTestsFile, check),
  ...publishedScripts().map(({ name, text }) =>
    update(`docs/breaker-scripts/${name}.lua`, () => text, check),
  ),
];
if (existsSync(new URL('../README.md', import.meta.url)))
  results.push(update('README.md', (page) => withPart(page, 'commands', commandTable()), check));
process.exitCode = results.every(Boolean) ? 0 : 1;
