import { PLACEHOLDERS } from './template.ts';

/** The placeholders that texts of a rule may have: those of every message, and its own parameters. */
export function placeholdersOf(rule: { with: Record<string, unknown> }): string[] {
  return [...PLACEHOLDERS, ...Object.keys(rule.with).map((name) => `with.${name}`)];
}
