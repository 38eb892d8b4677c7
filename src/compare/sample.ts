import type { Difference } from './diff.ts';
import { plainText, typeOf, type Value, writeValue } from './json.ts';
import { formatPath } from './path.ts';
import type { SampledDifference, SampledRecord } from './types.ts';

/** Of one record. */
const MOST_DIFFERENCES = 10;
const MOST_SHOWN = 200;
const MOST_KEY = 200;
/** So many ways to differ are kept apart, each with a few records. */
const MOST_WAYS = 200;
const PER_WAY = 3;

/** A record before it is known whether its differences are more than noise. */
export type Candidate = Omit<SampledRecord, 'differences'> & { differences?: readonly Difference[] };

/** Keeps a few records of each way to differ; which of them are shown is settled at the end. */
export class Sample {
  readonly #most: number;
  readonly #showValues: boolean;
  readonly #ways = new Map<string, { fields: readonly string[]; records: SampledRecord[] }>();

  constructor(most: number, showValues: boolean) {
    this.#most = most;
    this.#showValues = showValues;
  }

  /** @param fields those in which a pair differs */
  add(candidate: Candidate, fields: readonly string[] = []): void {
    const way = `${candidate.outcome} ${fields.join(' ')}`;
    const known = this.#ways.get(way);
    if (known ? known.records.length >= Math.max(PER_WAY, this.#most) : this.#ways.size >= MOST_WAYS) return;
    // A few of each are kept where there are many ways, and all that are asked for where there are few.
    if (known && this.#ways.size > this.#most && known.records.length >= PER_WAY) return;
    const record = this.#toRecord(candidate);
    if (known) known.records.push(record);
    else this.#ways.set(way, { fields, records: [record] });
  }

  /** Different ways first. @param isNoise whether a field differs no more than it does by itself */
  records(isNoise: (field: string) => boolean): SampledRecord[] {
    const ways = [...this.#ways.values()].filter(
      ({ fields }) => fields.length === 0 || !fields.every(isNoise),
    );
    const shown: SampledRecord[] = [];
    for (let round = 0; shown.length < this.#most; round += 1) {
      const some = ways.flatMap(({ records }) => records[round] ?? []);
      if (some.length === 0) break;
      shown.push(...some);
    }
    return shown.slice(0, this.#most);
  }

  #toRecord({ differences = [], ...rest }: Candidate): SampledRecord {
    const shown = differences.filter(({ ignored }) => !ignored).slice(0, MOST_DIFFERENCES);
    const key = rest.key === null ? null : cut(rest.key, MOST_KEY);
    return { ...rest, key, differences: shown.map((one) => this.#toDifference(one)) };
  }

  #toDifference({ path, kind, old, new: fresh }: Difference): SampledDifference {
    return { path: formatPath(path), kind, old: this.#show(old), new: this.#show(fresh) };
  }

  #show(value: Value | undefined): string | null {
    if (value === undefined) return null;
    return this.#showValues ? cut(writeValue(value), MOST_SHOWN) : redacted(value);
  }
}

/** Type and length, and nothing of the value: `string(12)`, `number(4)`, `array(3)`. */
export function redacted(value: Value): string {
  const type = typeOf(value);
  if (type === 'null' || type === 'boolean') return type;
  if (type === 'array') return `array(${(value as Value[]).length})`;
  if (type === 'object') return `object(${Object.keys(value as object).length})`;
  return `${type}(${plainText(value).length})`;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
