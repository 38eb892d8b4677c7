import type { SampledEntry } from './sample.ts';

/** API calls that a drain of an SQS queue makes. */
export interface CallsForecast {
  receive: number;
  delete: number;
  /** As AWS bills them: 64 KB of payload are a call each; null where no sizes are known. */
  billed: number | null;
}

const BATCH = 10;
const BILLED_UNIT_BYTES = 64 * 1024;

/** For so many messages, ten a call. */
export function forecastCalls(messages: number, sample: readonly SampledEntry[]): CallsForecast {
  const calls = Math.ceil(messages / BATCH);
  return { receive: calls, delete: calls, billed: billedCalls(messages, calls, sample) };
}

function billedCalls(messages: number, calls: number, sample: readonly SampledEntry[]): number | null {
  if (sample.length === 0) return null;
  const bytes = sample.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0) / sample.length;
  const units = Math.ceil((bytes * Math.min(BATCH, messages)) / BILLED_UNIT_BYTES);
  return calls * Math.max(1, units) + calls;
}
