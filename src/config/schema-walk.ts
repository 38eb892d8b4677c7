import type * as z from 'zod';

/** Way to a field: `['profiles', 'production', 'redis', 'db']`. */
export type Path = readonly (string | number)[];

/** The value of a field; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (at as Record<string | number, unknown> | undefined | null)?.[key],
    value,
  );
}

/** The values that a field of a schema can have, where they are listed. */
export function literals(option: z.ZodType, field: string): string[] {
  const literal = shapeOf(option)?.[field] as { values?: Set<unknown> } | undefined;
  return [...(literal?.values ?? [])].map(String);
}

interface Definition {
  type?: string;
  innerType?: z.ZodType;
  /** Of a transformation: what stands in the file, and what comes of it. */
  in?: z.ZodType;
  out?: z.ZodType;
  getter?: () => z.ZodType;
  options?: z.ZodType[];
  valueType?: z.ZodType;
  element?: z.ZodType;
}

function definitionOf(schema: z.ZodType): Definition {
  return schema.def as unknown as Definition;
}

function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  return (schema as { shape?: Record<string, z.ZodType> }).shape;
}

function unwrap(schema: z.ZodType): z.ZodType {
  const { type, innerType, in: given, out, getter } = definitionOf(schema);
  if (innerType) return unwrap(innerType);
  if (type === 'lazy') return unwrap(getter!());
  if (type === 'pipe') return unwrap(definitionOf(given!).type === 'transform' ? out! : given!);
  return schema;
}

/** The branches of a union; of any other schema, itself. */
export function optionsOf(schema: z.ZodType): z.ZodType[] {
  return definitionOf(unwrap(schema)).options ?? [unwrap(schema)];
}

/** The schema of a field. In a union by `kind` the value decides which branch counts. */
export function schemaAt(schema: z.ZodType, path: Path, raw: unknown): z.ZodType | undefined {
  const [head, ...tail] = path;
  if (head === undefined) return unwrap(schema);
  const value = valueAt(raw, [head]);
  for (const option of optionsOf(schema)) {
    const { valueType, element } = definitionOf(option);
    const next = shapeOf(option)?.[head] ?? valueType ?? element;
    const found = next && matchesKind(option, raw) ? schemaAt(next, tail, value) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** The names that are known at a place. */
export function keysAt(schema: z.ZodType, path: Path, raw: unknown): string[] {
  const at = schemaAt(schema, path, raw);
  const options = at ? optionsOf(at).filter((option) => matchesKind(option, valueAt(raw, path))) : [];
  return options.flatMap((option) => Object.keys(shapeOf(option) ?? {}));
}

/** In a union by `kind`, only the branch of that kind counts. */
function matchesKind(option: z.ZodType, value: unknown): boolean {
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  const wanted = literals(option, 'kind');
  return typeof kind !== 'string' || wanted.length === 0 || wanted.includes(kind);
}
