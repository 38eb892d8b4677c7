import { toPlain } from './plain.ts';

/** One indented JSON document with a newline at its end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(toPlain(value), null, 2)}\n`;
}
