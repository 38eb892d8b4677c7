import { toUSVString } from 'node:util';
import { redactText } from '../config/redact.ts';

const MOST_CHARACTERS = 200;
/** Beyond this nothing is looked at: an error may carry a whole document. */
const MOST_READ = 1000;

/**
 * What operators are shown of an error: one line, without passwords of URLs, whatever was thrown. Never throws.
 * Undefined where there is no error.
 */
export function errorText(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const [line = ''] = rawText(error)
    .slice(0, MOST_READ + 1)
    .split('\n');
  // Half a URL would show its password.
  const whole = line.length > MOST_READ ? line.slice(0, Math.max(0, line.lastIndexOf(' '))) : line;
  const text = redactText(whole || 'an error of one very long word');
  // The cut may have left half a character, which JSON of other languages refuses.
  return toUSVString(text.slice(0, MOST_CHARACTERS));
}

function rawText(error: unknown): string {
  try {
    const text = error instanceof Error ? error.message || error.name : error;
    return String(text) || 'an error without a text';
  } catch {
    return 'an error that cannot be shown';
  }
}
