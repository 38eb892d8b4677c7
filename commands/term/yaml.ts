import { stringify } from 'yaml';
import { toPlain } from './plain.ts';

/** One YAML document. */
export function formatYaml(value: unknown): string {
  return stringify(toPlain(value), { lineWidth: 0, aliasDuplicateObjects: false });
}
