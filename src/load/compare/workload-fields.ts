/** A field, and what it is in both: `arrivals.stages.0.rate`, `1000`, `2000`. */
type DifferingField = readonly [field: string, base: string, candidate: string];

/** The fields in which the parts of two workloads differ; parts that are JSON are told field by field. */
export function differingFields(
  base: Readonly<Record<string, string>>,
  candidate: Readonly<Record<string, string>>,
): DifferingField[] {
  const [before, after] = [leavesOf(base), leavesOf(candidate)];
  const fields = new Set([...before.keys(), ...after.keys()]);
  return [...fields].flatMap((field) => {
    const [old, other] = [before.get(field) ?? 'none', after.get(field) ?? 'none'];
    return old === other ? [] : [[field, old, other] as const];
  });
}

function leavesOf(parts: Readonly<Record<string, string>>): Map<string, string> {
  const leaves = new Map<string, string>();
  for (const [name, text] of Object.entries(parts)) collect(name, parsed(text), leaves);
  return leaves;
}

function collect(path: string, value: unknown, leaves: Map<string, string>): void {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
    for (const [name, inside] of Object.entries(value)) collect(`${path}.${name}`, inside, leaves);
  else leaves.set(path, leafText(value));
}

function leafText(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
