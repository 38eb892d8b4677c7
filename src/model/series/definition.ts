/** What is known of a metric besides its values: the one place for its name. */
export interface MetricDefinition {
  /** By Prometheus' conventions: base units, `_total` for counters alone. */
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  /** One sentence in one line. */
  help: string;
  /** Labels that its series may have. */
  labels: readonly string[];
}

type Texts = Record<string, readonly [name: string, help: string, type?: MetricDefinition['type']]>;

/** Several metrics with the same labels. A name that ends in `_total` is a counter, any other a gauge, unless it says so. */
export function define<T extends Texts>(
  labels: readonly string[],
  texts: T,
): Record<keyof T, MetricDefinition> {
  const entries = Object.entries(texts).map(([key, [name, help, type]]) => {
    return [key, { name, type: type ?? (name.endsWith('_total') ? 'counter' : 'gauge'), help, labels }];
  });
  return Object.fromEntries(entries) as Record<keyof T, MetricDefinition>;
}
