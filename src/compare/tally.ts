import { formatDuration } from '../model/duration.ts';
import { type Difference, differences } from './diff.ts';
import type { DoubledKeys } from './doubled.ts';
import { FieldTallies, type NoiseBounds } from './fields.ts';
import type { KeyCounts } from './intake.ts';
import type { Group, OfSide } from './join.ts';
import type { Value } from './json.ts';
import type { PackedRecord } from './packed.ts';
import type { Rules } from './rules.ts';
import type { Sample } from './sample.ts';
import { SpreadMeter } from './spread.ts';
import type { Counts, SideName } from './types.ts';

/** What a tally goes by. */
export interface TallyOptions {
  rules: Rules;
  /** Makes values of text again. */
  decode: Record<SideName, (text: string) => Value>;
  sample: Sample;
  doubled: DoubledKeys;
  lateAfterMs: number | undefined;
  /** Up to when each side was read, in ms: what would have come to it only just before is not missed yet. */
  readToMs: Record<'old' | 'new', number>;
  /** False: not all was read, and what has no partner may have one. */
  complete: boolean;
}

const NONE: Counts = {
  compared: 0,
  matched: 0,
  ignored: 0,
  mismatched: 0,
  noise: 0,
  missing: 0,
  extra: 0,
  pending: 0,
  late: 0,
  errorsOld: 0,
  errorsNew: 0,
};
const NO_KEYS: KeyCounts = { keys: 0, duplicate: 0, duplicateKeys: 0, duplicateDiffering: 0 };

/** Puts each key in its place. */
export class Tally {
  readonly counts: Counts = { ...NONE };
  readonly keys: Record<SideName, KeyCounts> = {
    old: { ...NO_KEYS },
    new: { ...NO_KEYS },
    old2: { ...NO_KEYS },
  };
  readonly behind = new SpreadMeter();
  readonly #fields = new FieldTallies();
  readonly #options: TallyOptions;
  /** Of old and old. */
  noisePairs = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  add(group: Group): void {
    const { old, new: fresh, old2 } = group;
    for (const side of ['old', 'new', 'old2'] as const) this.#countKey(side, group[side]);
    if ((old?.count ?? 0) > 1 || (fresh?.count ?? 0) > 1)
      this.#options.doubled.add({ key: group.key, old: old?.count ?? 0, new: fresh?.count ?? 0 });
    if (old && old2) this.#addNoise(old.first, old2.first);
    if (old && fresh) this.#addPair(old.first, fresh.first);
    else if (old) this.#addAlone('missing', old.first);
    else if (fresh) this.#addAlone('extra', fresh.first);
  }

  #countKey(side: SideName, own: OfSide | undefined): void {
    if (!own) return;
    const keys = this.keys[side];
    keys.keys += 1;
    keys.duplicate += own.count - 1;
    keys.duplicateDiffering += own.differing;
    if (own.count > 1) keys.duplicateKeys += 1;
  }

  #addAlone(outcome: 'missing' | 'extra', record: PackedRecord): void {
    const { complete, lateAfterMs, readToMs, sample } = this.#options;
    // Its partner may have come behind the end of the other side.
    const endMs = readToMs[outcome === 'missing' ? 'new' : 'old'];
    const isYoung =
      lateAfterMs !== undefined && record.timeMs !== null && endMs - record.timeMs <= lateAfterMs;
    if (!complete || isYoung) {
      this.counts.pending += 1;
      return;
    }
    this.counts[outcome] += 1;
    const side = outcome === 'missing' ? 'old' : 'new';
    sample.add({ outcome, key: record.key, old: null, new: null, why: null, [side]: record.position });
  }

  #addPair(old: PackedRecord, fresh: PackedRecord): void {
    this.#measure(old, fresh);
    if (old.isError !== fresh.isError) {
      this.counts[old.isError ? 'errorsOld' : 'errorsNew'] += 1;
      const why = `only the ${old.isError ? 'old' : 'new'} side says error`;
      this.#sampled('error', old, fresh, why);
      return;
    }
    this.counts.compared += 1;
    const found = this.#differences('new', old, fresh);
    if (found.length === 0) {
      this.counts.matched += 1;
      return;
    }
    this.#judge(old, fresh, found);
  }

  #judge(old: PackedRecord, fresh: PackedRecord, found: readonly Difference[]): void {
    const fields = FieldTallies.countingFields(found);
    const excused = fields.length > 0 && this.#isKnown(old, fresh, fields);
    this.#fields.add(found, excused);
    if (fields.length === 0 || excused) {
      this.counts.ignored += 1;
      return;
    }
    this.#fields.addMismatch(fields);
    const { key, position } = old;
    this.#options.sample.add(
      { outcome: 'mismatched', key, old: position, new: fresh.position, why: null, differences: found },
      fields,
    );
  }

  #isKnown(old: PackedRecord, fresh: PackedRecord, fields: readonly string[]): boolean {
    const { rules, decode } = this.#options;
    return rules.isKnown(decode.old(old.text.toString()), decode.new(fresh.text.toString()), fields);
  }

  #measure(old: PackedRecord, fresh: PackedRecord): void {
    if (old.timeMs === null || fresh.timeMs === null) return;
    const behindMs = fresh.timeMs - old.timeMs;
    this.behind.add(behindMs);
    const { lateAfterMs } = this.#options;
    if (lateAfterMs === undefined || behindMs <= lateAfterMs) return;
    this.counts.late += 1;
    this.#sampled('late', old, fresh, `${formatDuration(behindMs)} behind the old one`);
  }

  #sampled(outcome: 'error' | 'late', old: PackedRecord, fresh: PackedRecord, why: string): void {
    this.#options.sample.add({ outcome, key: old.key, old: old.position, new: fresh.position, why });
  }

  #addNoise(old: PackedRecord, old2: PackedRecord): void {
    this.noisePairs += 1;
    this.#fields.addNoise(this.#differences('old2', old, old2));
  }

  /** Equal text is equal, where both are written alike. */
  #differences(side: 'new' | 'old2', old: PackedRecord, other: PackedRecord): Difference[] {
    const { rules, decode } = this.#options;
    if (decode.old === decode[side] && old.text.equals(other.text)) return [];
    return differences(rules.diff, decode.old(old.text.toString()), decode[side](other.text.toString()));
  }

  /** Takes off what is noise. To be called once, at the end. */
  settle(bounds: NoiseBounds) {
    const settled = this.#fields.settle(this.counts.compared, this.noisePairs, bounds);
    this.counts.mismatched = settled.mismatched;
    this.counts.noise = settled.noise;
    return settled;
  }
}
