import { QctlError } from '../errors.ts';

/** The values that a {@link Latency} was made of. */
export interface DecodedHistogram {
  /** How many values. */
  readonly count: number;
  /** In ms, of three significant digits. Percentiles are 0 to 100. */
  valueAt(percentile: number): number;
}

const US_PER_MS = 1000;

/**
 * Reads the histogram of a {@link Latency}.
 *
 * @throws QctlError `config` LOAD_RESULTS_INVALID where it is none
 */
export async function decodeHistogram(base64: string): Promise<DecodedHistogram> {
  const { decodeFromCompressedBase64 } = await import('./hdr-library.ts');
  const histogram = decodeOrThrow(() => decodeFromCompressedBase64(base64, 64, false));
  return {
    count: histogram.totalCount,
    valueAt: (percentile) => histogram.getValueAtPercentile(percentile) / US_PER_MS,
  };
}

/** What the decoding gives; throws `config` LOAD_RESULTS_INVALID where it fails. */
export function decodeOrThrow<T>(decode: () => T): T {
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

/**
 * Percentiles of a curve on whose axis each further nine takes the same room: 0 … 90 … 99 … 99.9 and so on, as far
 * as there is at least one value beyond it.
 *
 * @param count of the values
 * @param steps from one nine to the next
 */
export function curvePercentiles(count: number, steps = 20): number[] {
  const nines = count > 0 ? Math.log10(count) : -1;
  const length = Math.floor(nines * steps) + 1;
  return Array.from({ length: Math.max(0, length) }, (_, at) => 100 - 100 * 10 ** (-at / steps));
}
