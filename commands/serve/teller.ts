import { redactText } from '../../src/config/redact.ts';
import type { Seen } from '../../src/overview/index.ts';
import type { Acted, ServerEvents } from '../../src/serve/index.ts';
import type { Context } from '../context.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { printable } from '../term/text.ts';

/** What `qctl serve` says while it runs. */
export interface Teller extends Required<ServerEvents> {
  listening(url: string, how: { allowActions: boolean; isProtected: boolean }): void;
  looksAt(label: string): void;
  /** What rules are looked at besides, if any. */
  alerting(text: string | undefined): void;
  /** Redis did not answer at the start. */
  away(why: string): void;
  /** Says when Redis goes away, and when it is back. */
  seen(seen: Seen): void;
  warn(text: string): void;
}

/** Lines on stderr; with `-o ndjson` events on stdout besides. */
export function tellerOf({ io, options }: Context): Teller {
  const { quiet, verbose } = options;
  let isAway = false;
  const line = (text: string): void => void io.stderr.write(`qctl: ${printable(redactText(text))}\n`);
  const note = (text: string): void => {
    if (!quiet) line(text);
  };
  const event = (type: string, data: object): void => {
    if (options.output === 'ndjson') io.stdout.write(formatNdjson({ type, ...data }));
  };
  const goneAway = (why: string): void => {
    if (!isAway) line(`Redis is away, and shown as away until it is back: ${why}`);
    if (!isAway) event('away', { why: redactText(why) });
    isAway = true;
  };
  return {
    listening(url, { allowActions, isProtected }) {
      const who = isProtected ? 'for those who log in' : 'for everybody on this machine';
      note(`serving at ${url}, ${who}${allowActions ? '; actions are allowed and audited' : ''}`);
      event('listening', { url, allowActions });
    },
    looksAt: (label) => note(`looking at ${label}`),
    alerting: (text) => text && note(`looking at ${text}`),
    away: goneAway,
    seen({ away }) {
      if (away) return goneAway(away.why);
      if (isAway) note('Redis is back');
      if (isAway) event('back', {});
      isAway = false;
    },
    warn: (text) => line(`warning: ${text}`),
    acted(acted) {
      line(actedText(acted));
      event('acted', acted);
    },
    failed: (error) =>
      line(`a request failed unexpectedly, which is a bug in qctl: ${failureText(error, verbose)}`),
  };
}

function failureText(error: unknown, verbose: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return (verbose && error.stack) || error.message;
}

/** `anna (10.0.0.5): breaker trip wazuh-api: INC-4711 - done`. Never left out: it is the trace of who did what. */
function actedText({ who, address, what, object, details, reason, failure }: Acted): string {
  const said = [what, object, details].filter((part) => part !== '').join(' ');
  return `${who} (${address}): ${said}: ${reason} - ${failure === null ? 'done' : `failed: ${failure}`}`;
}
