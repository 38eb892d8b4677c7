/** Hashes held in memory at once, 8 bytes each; more ids mean more passes. */
const HASHES_A_PASS = 8_000_000;

type Pages = () => AsyncIterable<string[]>;

/**
 * Calls `tell` for every id that stands there more than once. In bounded memory: hashes are sorted, and only
 * ids whose hash is not alone are looked at themselves.
 *
 * @param about how many ids there are; more of them only take more memory
 */
export async function findDoubles(
  found: Pages,
  about: number,
  tell: (id: string) => void,
  hashesAPass = HASHES_A_PASS,
): Promise<void> {
  const passes = Math.max(1, Math.ceil(about / hashesAPass));
  for (let pass = 0; pass < passes; pass += 1) {
    const suspects = await suspectsOf(found, Math.ceil(about / passes), (low) => low % passes === pass);
    if (suspects.size === 0) continue;
    const times = new Map<string, number>();
    for await (const ids of found())
      for (const id of ids) if (suspects.has(hashOf(id))) times.set(id, (times.get(id) ?? 0) + 1);
    for (const [id, count] of times) if (count > 1) tell(id);
  }
}

/** Hashes that stand there more than once. */
async function suspectsOf(found: Pages, about: number, mine: (low: number) => boolean): Promise<Set<bigint>> {
  let words = new Uint32Array(2 * Math.max(1024, Math.ceil(about * 1.1)));
  let used = 0;
  for await (const ids of found())
    for (const id of ids) {
      mix(id);
      if (!mine(low)) continue;
      if (used === words.length) {
        const larger = new Uint32Array(words.length * 2);
        larger.set(words);
        words = larger;
      }
      words[used] = low;
      words[used + 1] = high;
      used += 2;
    }
  const hashes = new BigUint64Array(words.buffer, 0, used / 2).sort();
  const suspects = new Set<bigint>();
  for (let at = 1; at < hashes.length; at += 1) if (hashes[at] === hashes[at - 1]) suspects.add(hashes[at]!);
  return suspects;
}

// The halves of the last hash: an object for each of millions of ids would cost more than the hash.
let low = 0;
let high = 0;
const pair = new Uint32Array(2);
const whole = new BigUint64Array(pair.buffer);

/** Two multiplicative hashes with different constants. The same id always has the same: none that is double is missed. */
function mix(id: string): void {
  low = 0x9e3779b9;
  high = 0x85ebca6b;
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    low = Math.imul(low ^ code, 0x27d4eb2f);
    high = Math.imul(high ^ code, 0x165667b1);
    low ^= low >>> 15;
    high ^= high >>> 13;
  }
  low >>>= 0;
  high >>>= 0;
}

function hashOf(id: string): bigint {
  mix(id);
  pair[0] = low;
  pair[1] = high;
  return whole[0]!;
}
