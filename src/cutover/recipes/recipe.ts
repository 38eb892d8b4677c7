/** What `cutover init` asks of whoever wants a plan. */
export interface RecipeInputs {
  /** Of the plan; default: from the source. */
  name?: string;
  profile?: string;
  from: 'sqs' | 'postgres';
  /** By its name in qctl.yaml. */
  source: string;
  stream: string;
  group: string;
  /** systemd units of the old workers. */
  oldUnits: readonly string[];
  /** Those of the new ones; none: the old ones are switched in place. */
  newUnits: readonly string[];
  /** Deployments of the workers, switched in place; in place of units. */
  deployments: readonly string[];
  /** Units, or deployments, of the producers. */
  producers: readonly string[];
  /** File that tells workers and producers which side they use. */
  envFile?: string;
  /** What is set for the new side: `QUEUE_TYPE`, `redis-streams`. */
  env: Readonly<Record<string, string>>;
  /** Name of the route that producers ask; null: they ask none. */
  route: string | null;
  /** The longest that nobody may consume: `30s`. */
  maxPause: string;
}

/** A text as YAML: as it is where that says the same, else in quotes. */
export function scalar(text: string): string {
  const plain = /^[A-Za-z/][\w./@:-]*$/.test(text) && !/:$|^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** A list as YAML. */
export function list(texts: readonly string[]): string {
  return `[${texts.map(scalar).join(', ')}]`;
}

/** A mapping on one line. */
export function mapping(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${scalar(name)}: ${scalar(value)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** Lines, each so far in; empty ones stay empty. */
export function indented(lines: readonly string[], by: number): string[] {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(by) + line));
}
