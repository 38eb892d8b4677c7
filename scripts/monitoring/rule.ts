/** One alert rule, with an example that fires and one that does not: promtool runs both. */
export interface AlertRule {
  alert: string;
  /** PromQL. */
  expr: string;
  /** How long it has to be so: `5m`. */
  for: string;
  severity: 'critical' | 'warning';
  /** One line; `{{ $labels.x }}` and `{{ $value }}` as Prometheus fills them in. */
  summary: string;
  /** What to look at first. */
  look: string;
  fires: RuleExample;
  quiet: Omit<RuleExample, 'labels' | 'value'>;
}

/** Series, and what comes of them. */
export interface RuleExample {
  /** Series -> values a minute apart, as promtool writes them: `0+10x20`. */
  series: Record<string, string>;
  /** When it is looked at: `20m`. */
  at: string;
  /** Of the alert, besides the severity; the default is none. */
  labels?: Record<string, string>;
  /** What stands for the value in its text. */
  value?: string;
}

/** A series as PromQL writes it: `qctl_stream_lag{stream="orders"}`. */
export function seriesOf({ name }: { name: string }, labels: Record<string, string> = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}
