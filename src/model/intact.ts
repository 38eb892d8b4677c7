/** What stands where bytes were no UTF-8. */
const REPLACED = '\ufffd';

/**
 * Whether a name that Redis gave is the name itself. Names may hold any bytes; those that are no UTF-8 are
 * read as U+FFFD, and sent back like that they would mean another stream, group or consumer.
 */
export function isIntact(name: string): boolean {
  return !name.includes(REPLACED);
}
