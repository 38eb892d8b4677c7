import type { AlertEvent } from '../../src/alerts/index.ts';
import { printable } from '../term/text.ts';

/**
 * An event as a line; undefined for one that is of no news to a person.
 *
 * @param verbose also each measurement
 */
export function eventLine(event: AlertEvent, verbose: boolean): string | undefined {
  const text = textOf(event, verbose);
  return text === undefined ? undefined : `${event.at} ${printable(text)}\n`;
}

function textOf(event: AlertEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'alert-measured':
      return verbose ? `${event.rule}: ${event.outcome}, ${event.why}` : undefined;
    case 'alert-incident':
      if (event.state === 'pending' && !verbose) return undefined;
      return `${event.rule}: ${event.state}${event.state === 'resolved' ? '' : ` (${event.severity}), ${event.why}`}`;
    case 'alert-message':
      if (event.error === null) return `${event.rule}: told ${event.channel} (${event.message})`;
      return `${event.rule}: ${event.error}; attempt ${event.attempt}, it is tried again`;
    case 'alert-removed':
      return `${event.rule}: not in the configuration any more, closed`;
    case 'alert-store':
      return event.away === null
        ? 'Redis answers again'
        : `Redis is away, alerts are kept on this host meanwhile: ${event.away}`;
    case 'alert-note':
      return event.text;
  }
}
