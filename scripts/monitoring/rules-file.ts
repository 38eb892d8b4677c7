import { stringify } from 'yaml';
import { MAINTAIN_RULES } from './maintain-rules.ts';
import { MOVE_RULES } from './move-rules.ts';
import type { AlertRule, RuleExample } from './rule.ts';
import { SERVER_RULES } from './server-rules.ts';
import { STREAM_RULES } from './stream-rules.ts';

/** Beside it, as promtool reads it. */
export const RULES_FILE = 'prometheus-rules.yml';

const GROUPS: Record<string, readonly AlertRule[]> = {
  'qctl-redis': SERVER_RULES,
  'qctl-streams': STREAM_RULES,
  'qctl-moves': MOVE_RULES,
  'qctl-maintain': MAINTAIN_RULES,
};

/** All of them. */
export const RULES: readonly AlertRule[] = Object.values(GROUPS).flat();

const yaml = (head: string, value: object) =>
  `${head}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;

/** docs/monitoring/prometheus-rules.yml. */
export function rulesFile(): string {
  const groups = Object.entries(GROUPS).map(([name, rules]) => ({ name, rules: rules.map(ruleOf) }));
  return yaml('# Made by `npm run generate`; change thresholds in a copy.', { groups });
}

function ruleOf({ alert, expr, severity, summary, look, for: span }: AlertRule): object {
  return { alert, expr, for: span, labels: { severity }, annotations: { summary, look } };
}

/** docs/monitoring/prometheus-rules.test.yml: what `promtool test rules` runs. */
export function ruleTestsFile(): string {
  const tests = RULES.flatMap((rule) => [
    testOf(rule, `${rule.alert} fires`, rule.fires, [expected(rule)]),
    testOf(rule, `${rule.alert} keeps quiet`, rule.quiet, []),
  ]);
  const file = { rule_files: [RULES_FILE], evaluation_interval: '1m', tests };
  return yaml('# Made by `npm run generate`: promtool test rules prometheus-rules.test.yml', file);
}

function testOf(
  { alert: alertname }: AlertRule,
  name: string,
  { series, at }: RuleExample,
  exp_alerts: object[],
): object {
  const input_series = Object.entries(series).map(([one, values]) => ({ series: one, values }));
  return { name, interval: '1m', input_series, alert_rule_test: [{ eval_time: at, alertname, exp_alerts }] };
}

/** With the texts as Prometheus fills them in. */
function expected({ severity, summary, look, fires: { labels = {}, value = '' } }: AlertRule): object {
  const fill = (text: string) =>
    text
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
      .replace(/\{\{ \$value[^}]*\}\}/g, () => value);
  return {
    exp_labels: { ...labels, severity },
    exp_annotations: { summary: fill(summary), look: fill(look) },
  };
}
