/**
 * A value as JSON and YAML can carry it: dates in RFC 3339, big integers as text, bytes in base64,
 * what is no number as null. Fields that are undefined are left out.
 */
export function toPlain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toPlain);
  return plainObject(value);
}

function plainObject(value: object): Record<string, unknown> {
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const kept = entries.filter(([, item]) => item !== undefined && typeof item !== 'function');
  return Object.fromEntries(kept.map(([name, item]) => [String(name), toPlain(item)]));
}
