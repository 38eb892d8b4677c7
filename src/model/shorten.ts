const MOST_CHARACTERS = 60;

/** A value as a sentence can hold it: on one line, and cut off where it is long. */
export function shorten(text: string, most = MOST_CHARACTERS): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line;
}
