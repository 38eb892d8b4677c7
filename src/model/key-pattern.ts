const [STAR, ANY, OPEN, CLOSE, NOT, DASH, ESCAPE] = Buffer.from('*?[]^-\\') as unknown as number[];

/** Whether a name is a pattern as `KEYS` and `SCAN` understand it. */
export function isPattern(name: string): boolean {
  return /[*?[]/.test(name);
}

/**
 * Whether a pattern of `*`, `?`, `[abc]`, `[^a-z]` and `\` before a character of its own matches a whole
 * name: byte by byte, as Redis does it, malformed patterns included. The empty name is matched by
 * the empty pattern alone.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  return matches({ pattern: Buffer.from(pattern), name: Buffer.from(name), hopeless: false }, 0, 0);
}

interface Matching {
  pattern: Buffer;
  name: Buffer;
  /** The rest behind a `*` matches nowhere: an earlier `*` that takes more cannot help. */
  hopeless: boolean;
}

function matches(matching: Matching, patternAt: number, nameAt: number): boolean {
  const { pattern, name } = matching;
  let at = patternAt;
  let seen = nameAt;
  while (at < pattern.length && seen < name.length) {
    if (pattern[at] === STAR) return matchesStar(matching, at, seen);
    const next = matchOne(pattern, at, name[seen]!);
    if (next === undefined) return false;
    at = next;
    seen += 1;
  }
  if (seen === name.length && seen > 0) at = behindStars(pattern, at);
  return at >= pattern.length && seen === name.length;
}

function matchesStar(matching: Matching, starAt: number, nameAt: number): boolean {
  const rest = behindStars(matching.pattern, starAt);
  if (rest === matching.pattern.length) return true;
  for (let seen = nameAt; seen < matching.name.length; seen += 1) {
    if (matches(matching, rest, seen)) return true;
    if (matching.hopeless) return false;
  }
  matching.hopeless = true;
  return false;
}

function behindStars(pattern: Buffer, from: number): number {
  let at = from;
  while (pattern[at] === STAR) at += 1;
  return at;
}

/** Where the pattern goes on after it has matched one byte; undefined where it does not match. */
function matchOne(pattern: Buffer, at: number, byte: number): number | undefined {
  if (pattern[at] === ANY) return at + 1;
  if (pattern[at] === OPEN) return matchClass(pattern, at + 1, byte);
  const literal = pattern[at] === ESCAPE && at + 1 < pattern.length ? at + 1 : at;
  return pattern[literal] === byte ? literal + 1 : undefined;
}

/** A class that is never closed ends with the pattern. */
function matchClass(pattern: Buffer, from: number, byte: number): number | undefined {
  const not = pattern[from] === NOT;
  let at = not ? from + 1 : from;
  let found = false;
  for (; at < pattern.length && pattern[at] !== CLOSE; at += 1) {
    const left = pattern.length - at;
    if (pattern[at] === ESCAPE && left >= 2) {
      at += 1;
      found ||= pattern[at] === byte;
    } else if (pattern[at + 1] === DASH && left >= 3) {
      found ||= isBetween(byte, pattern[at]!, pattern[at + 2]!);
      at += 2;
    } else found ||= pattern[at] === byte;
  }
  return found === not ? undefined : Math.min(at + 1, pattern.length);
}

function isBetween(byte: number, one: number, other: number): boolean {
  return byte >= Math.min(one, other) && byte <= Math.max(one, other);
}
