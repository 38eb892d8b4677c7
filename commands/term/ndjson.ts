import { toPlain } from './plain.ts';

/** One line of JSON for one event. */
export function formatNdjson(event: unknown): string {
  return `${JSON.stringify(toPlain(event))}\n`;
}
