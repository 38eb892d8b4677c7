import { type FindMaxOptions, forecastSearch, type LoadMax, valueText } from '../../src/load/index.ts';
import { formatDuration, formatExactDuration } from '../../src/model/duration.ts';
import { grouped } from '../term/number.ts';

/** `1,000/s`, `12.5/s`. */
export function rateText(perSecond: number): string {
  return perSecond >= 100 ? `${grouped(perSecond)}/s` : `${Number(perSecond.toPrecision(3))}/s`;
}

/** Of ms; `-` where it is not known. */
export function timeText(ms: number | null): string {
  return valueText(ms, 'ms');
}

/** How long a search takes, as a clause. */
export function forecastText(search: FindMaxOptions): string {
  const { aboutMs, mostMs } = forecastSearch(search);
  return `about ${formatDuration(aboutMs)} if all goes well, ${formatDuration(mostMs)} at most`;
}

const LIMITS = {
  target: 'more is too much for the target',
  generator: 'this host cannot send more, and the target may well take it',
  max: '--max allowed no more',
};

/** What was found, as a sentence. */
export function foundText({ verdict, rate, heldMs, limitedBy, slo, reasons }: LoadMax): string {
  if (verdict === 'none') return `no rate was found at which ${slo}: ${reasons.join(', ')}`;
  if (verdict === 'stopped')
    return rate === null
      ? 'stopped: no rate has been good so far'
      : `stopped: ${rateText(rate)} was good so far, and was not held`;
  const least = limitedBy === 'target' ? '' : 'at least ';
  const why = limitedBy === null ? '' : `: ${LIMITS[limitedBy]}`;
  return `${least}${rateText(rate!)}, held for ${formatExactDuration(heldMs)}${why}`;
}
