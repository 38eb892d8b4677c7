import { QctlError } from '../errors.ts';

/** One step of a percentile curve: so much of all was at most that long. */
export interface CurvePoint {
  /** 0 to 100. */
  percentile: number;
  /** In ms. */
  ms: number;
}

/** The values that a {@link Latency} was made of. */
export interface DecodedHistogram {
  /** How many values. */
  readonly count: number;
  /** In ms, of three significant digits. Percentiles are 0 to 100. */
  valueAt(percentile: number): number;
  /** From 0 to 100, dense where the tail is: `ticks` points for each halving of the distance to 100. */
  curve(ticks?: number): CurvePoint[];
}

const TICKS = 5;
const US_PER_MS = 1000;

/**
 * Reads the histogram of a {@link Latency}.
 *
 * @throws QctlError `config` LOAD_RESULTS_INVALID where it is none
 */
export async function decodeHistogram(base64: string): Promise<DecodedHistogram> {
  const { decodeFromCompressedBase64 } = await import('./hdr-library.ts');
  const histogram = decodeOrThrow(() => decodeFromCompressedBase64(base64, 64, false));
  const valueAt = (percentile: number): number => histogram.getValueAtPercentile(percentile) / US_PER_MS;
  return {
    count: histogram.totalCount,
    valueAt,
    curve: (ticks = TICKS) =>
      percentilesOf(histogram.totalCount, ticks).map((percentile) => ({
        percentile,
        ms: valueAt(percentile),
      })),
  };
}

function decodeOrThrow<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new QctlError('config', 'a histogram of the results is damaged', {
      code: 'LOAD_RESULTS_INVALID',
      hint: ['the file was cut or changed: bring back the original, or measure again'],
      cause,
    });
  }
}

/** 0 … 50 … 75 … 87.5 …: as far as there is at least one value beyond it; then 100. */
function percentilesOf(count: number, ticks: number): number[] {
  const percentiles: number[] = [];
  for (let rest = 100; count > 0 && (rest * count) / 100 >= 1; rest /= 2)
    for (let tick = 0; tick < ticks; tick += 1) percentiles.push(100 - rest + (rest / 2) * (tick / ticks));
  return count > 0 ? [...percentiles, 100] : [];
}
