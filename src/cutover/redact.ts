import { hideSecrets, redactText } from '../config/redact.ts';
import type { StepResult } from './step.ts';

/** What is shorter stands in any text. */
export const SHORTEST_SECRET = 4;

/** What hides the secrets of a plan, and passwords in URLs, in any text. Those that are added later count, too. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  return (text) => redactText(hideSecrets(text, [...secrets]));
}

/** A result as it may be written down: nothing secret, and no more of what was printed than 2 KiB. */
export function redactResult(result: StepResult, redact: (text: string) => string): StepResult {
  const { text, positions, tail, left } = result;
  return {
    text: redact(text),
    ...(positions && { positions }),
    ...(tail !== undefined && { tail: redact(tail).slice(-2048) }),
    ...(left && { left: left.map(redact) }),
  };
}

/** The text of an error, as it may be shown. */
export function errorText(error: unknown, redact: (text: string) => string): string {
  return redact(error instanceof Error ? error.message : String(error));
}
