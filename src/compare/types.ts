/** The sides of a comparison; `old2` is a second run of the old one, for what differs by itself. */
export type SideName = 'old' | 'new' | 'old2';

/** How a field differs. `missing`: only the old record has it; `extra`: only the new one has. */
export type DifferenceKind = 'type' | 'value' | 'missing' | 'extra' | 'order' | 'length';

/** Numbers of a spread, as they were measured to 1 %. */
export interface Spread {
  count: number;
  min: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
}

/** What was read of one side. */
export interface SideReport {
  /** Where it was read from; no password. */
  input: string;
  /** Read, those that cannot be read included. */
  records: number;
  /** Keys that are different from each other. */
  keys: number;
  /** Records beyond the first of their key. */
  duplicate: number;
  /** Keys that have more than one record. */
  duplicateKeys: number;
  /** Of `duplicate`: those that differ from the first of their key. */
  duplicateDiffering: number;
  /** No JSON, or without a key. */
  unreadable: number;
  /** RFC 3339, of the earliest and the latest record; null where no times are known. */
  firstAt: string | null;
  lastAt: string | null;
  /** Records a second between the two; null where they do not tell. */
  perSecond: number | null;
  /** From the start that the record names to its own time, in ms; null where either is not known. */
  latencyMs: Spread | null;
}

/** Keys, each in one place alone, but for `late`, which looks at those that were compared. */
export interface Counts {
  /** On both sides, and read on both: matched + ignored + mismatched + noise. */
  compared: number;
  matched: number;
  /** Differ in ignored fields alone, or as a rule says that they may. */
  ignored: number;
  mismatched: number;
  /** Differ only in fields that differ about as often between the old side and itself. */
  noise: number;
  /** Only the old side has them. */
  missing: number;
  /** Only the new side has them. */
  extra: number;
  /** Only one side has them, and nobody can say yet that the other will not. */
  pending: number;
  /** The new record came later than allowed; counted above as well. */
  late: number;
  /** One side says error and the other does not. */
  errorsOld: number;
  errorsNew: number;
}

/** How one field fares. */
export interface FieldReport {
  /** `items[*].score`. */
  field: string;
  /** Keys in which it differs, ignored ones left out. */
  differing: number;
  /** Of those compared. */
  share: number;
  kinds: Partial<Record<DifferenceKind, number>>;
  /** Keys in which it differs and is ignored. */
  ignored: number;
  /** Share in which it differs between the old side and itself; null where that is not known. */
  noiseShare: number | null;
  /** False: it differs no more than it does by itself. */
  reported: boolean;
}

/** One difference of a sample. Values are redacted to type and length, unless they were asked for. */
export interface SampledDifference {
  /** `items[3].score`. */
  path: string;
  kind: DifferenceKind;
  old: string | null;
  new: string | null;
}

/** One record of the sample. */
export interface SampledRecord {
  outcome: 'mismatched' | 'missing' | 'extra' | 'error' | 'unreadable' | 'late';
  /** Null where the record has none. */
  key: string | null;
  /** Where it stands: entry id, line, row; null where there is none. */
  old: string | null;
  new: string | null;
  /** What cannot be read, or how late it came, as a clause. */
  why: string | null;
  differences: SampledDifference[];
}

/** A key that has more than one record on a side. */
export interface DoubledKey {
  key: string;
  old: number;
  new: number;
}

/** One threshold and how it went. */
export interface ThresholdResult {
  /** `failOn`: must not hold. `require`: must hold. */
  rule: 'failOn' | 'require';
  text: string;
  /** Null: not known, which is never a pass. */
  holds: boolean | null;
  ok: boolean;
}

/**
 * `failed`: a threshold was not met. `noData`: nothing was compared. `incomplete`: it was stopped.
 * `different` and `same`: no threshold was crossed.
 */
export type CompareVerdict = 'same' | 'different' | 'failed' | 'noData' | 'incomplete';

/** A comparison, once; every renderer starts from it. Plain data. */
export interface Comparison {
  /** RFC 3339. */
  startedAt: string;
  endedAt: string;
  /** False: stopped before all was read and compared. */
  complete: boolean;
  verdict: CompareVerdict;
  key: string[];
  counts: Counts;
  /** Each count as a part of all keys of both sides; null where there are none. */
  shares: Record<keyof Counts, number | null>;
  old: SideReport;
  new: SideReport;
  old2: SideReport | null;
  /**
   * Keys that both `old` and `old2` have, and how many it takes: with fewer, noise is not known, and every
   * difference counts. Null where there is no `old2`.
   */
  noisePairs: { counted: number; needed: number } | null;
  /** How much later than the old record the new one came, in ms, below 0 where it was earlier. */
  behindMs: Spread | null;
  /** Those that differ, most often first. */
  fields: FieldReport[];
  /** Fields that were not told apart any more, because there were too many. */
  fieldsLeftOut: number;
  thresholds: ThresholdResult[];
  sample: SampledRecord[];
  /** The most often doubled keys. */
  doubled: DoubledKey[];
}
