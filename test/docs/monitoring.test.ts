import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { COMMANDS } from '../../commands/registry.ts';
import { formatJson } from '../../commands/term/json.ts';
import { dashboard, ROWS } from '../../scripts/monitoring/dashboard.ts';
import { RULES, RULES_FILE, rulesFile, ruleTestsFile } from '../../scripts/monitoring/rules-file.ts';
import { seriesTable } from '../../scripts/series-table.ts';
import { formatFamilies } from '../../src/model/exposition.ts';
import { CHECKED, MAINTAINED, SERVED } from '../../src/model/series/index.ts';
import { NO_PROMTOOL, promtool } from '../support/promtool.ts';

const FOLDER = fileURLToPath(new URL('../../docs/monitoring', import.meta.url));
const DASHBOARD = formatJson(dashboard());
const DEFINITIONS = SERVED.flatMap(({ metrics }) => metrics);
const served = DEFINITIONS.flatMap(({ name, type }) =>
  type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
);
/** In files for the node exporter. */
const written = [...CHECKED.metrics, ...MAINTAINED.metrics];
const namesIn = (text: string) => [...new Set(text.match(/\bqctl_\w+/g) ?? [])];
const queries = ROWS.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries.map(([expr]) => expr)));

test('the files and the page are what the tables in the code give', () => {
  const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
  expect(read('grafana-dashboard.json')).toBe(DASHBOARD);
  expect(read(RULES_FILE)).toBe(rulesFile());
  expect(read('prometheus-rules.test.yml')).toBe(ruleTestsFile());
  expect(read('../metrics.md')).toContain(seriesTable());
});

test('a metric has one name in one place, and ends in _total only where it counts', () => {
  const all = [...DEFINITIONS, ...written];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, type, help } of all) {
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|kb|percent|minutes)\b|_(count|sum|bucket)$/);
    expect(help, name).toMatch(/^[^\n\\]+\.$/);
  }
});

test.skipIf(NO_PROMTOOL)(
  'promtool has nothing to say against what checks and maintenance write',
  async () => {
    const samples = [{ labels: {}, value: 1 }];
    const input = formatFamilies(written.map((definition) => ({ definition, samples })));
    expect(await promtool(['check', 'metrics'], { input })).toEqual({ code: 0, output: '' });
  },
);

describe('the dashboard', () => {
  test('asks for nothing that /metrics does not give', () => {
    expect(queries.length).toBeGreaterThan(30);
    expect(namesIn(DASHBOARD).filter((name) => !served.includes(name))).toEqual([]);
  });

  test('has each panel in a place of its own', () => {
    type Placed = { id: number; gridPos: { x: number; y: number; w: number; h: number } };
    const { panels } = dashboard() as { panels: Placed[] };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  test.skipIf(NO_PROMTOOL)('asks in PromQL that Prometheus understands', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'qctl-promql-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const rules = queries.map((expr, at) => ({
      record: `query:${at}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replace(/\$\w+/g, '.*'),
    }));
    writeFileSync(join(folder, 'queries.yml'), stringify({ groups: [{ name: 'queries', rules }] }));
    const { code, output } = await promtool(['check', 'rules', 'queries.yml'], { cwd: folder });
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining(`${queries.length} rules found`),
    });
  });
});

describe('the rules for alerts', () => {
  test('ask for nothing that /metrics and maintenance do not give, and name commands that there are', () => {
    const given = [...served, ...MAINTAINED.metrics.map(({ name }) => name)];
    expect(namesIn(rulesFile()).filter((name) => !given.includes(name))).toEqual([]);
    const names = COMMANDS.map(({ name }) => name);
    for (const { look } of RULES.filter(({ look }) => look.startsWith('qctl ')))
      expect(
        names.some((name) => `${look} `.startsWith(`qctl ${name} `)),
        look,
      ).toBe(true);
  });

  test.skipIf(NO_PROMTOOL)(
    'fire where they should, and keep quiet where they should, as promtool sees it',
    async () => {
      const checked = await promtool(['check', 'rules', RULES_FILE], { cwd: FOLDER });
      expect(checked).toEqual({ code: 0, output: expect.stringContaining(`${RULES.length} rules found`) });
      const tested = await promtool(['test', 'rules', 'prometheus-rules.test.yml'], { cwd: FOLDER });
      expect(tested).toEqual({ code: 0, output: expect.stringContaining('SUCCESS') });
    },
  );
});
