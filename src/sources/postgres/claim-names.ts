import { createHash } from 'node:crypto';
import { escapeLiteral } from '../../backends/postgres/index.ts';

/** What a run is called in the columns of a queue, as SQL literals. */
export interface ClaimNames {
  text: string;
  uuid: string;
  time: string;
}

const START_OF_2999_MS = Date.UTC(2999, 0, 1);
const TIME_BITS = 48n;

/** Text before the name of a run in a column of text: whose claim it is can be read there. */
export const CLAIM_PREFIX = 'qctl:';

/** SQL: whether a text names a run. */
export function namesRun(text: string): string {
  return `starts_with(${text}, '${CLAIM_PREFIX}')`;
}

/** The first moment of all those that stand for runs. */
export const FIRST_CLAIM_TIME = '2999-01-01 00:00:00+00';

/** The names of one run. The same run has the same ones wherever it is continued. */
export function claimNames(run: string): ClaimNames {
  const hash = createHash('sha256').update(run).digest();
  const hex = hash.toString('hex');
  // Version 8 of RFC 9562: made by a rule of one's own.
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return {
    text: escapeLiteral(`${CLAIM_PREFIX}${run}`),
    uuid: `'${uuid}'::uuid`,
    time: `'${timeOf(hash.readBigUInt64BE(24) >> (64n - TIME_BITS))}'::timestamptz`,
  };
}

/** A moment in the nine years from 2999 on, to the microsecond. */
function timeOf(micros: bigint): string {
  const date = new Date(START_OF_2999_MS + Number(micros / 1000n)).toISOString();
  const rest = (micros % 1000n).toString().padStart(3, '0');
  return `${date.slice(0, 10)} ${date.slice(11, 23)}${rest}+00`;
}

/** Strings, quoted identifiers, dollar quotes, comments and casts are passed over as they stand. */
const TOKENS =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|::|:(text|uuid|time)\b/g;

/** Puts the run's names in place of `:text`, `:uuid` and `:time`. */
export function withNames(sql: string, names: ClaimNames): string {
  return sql.replace(TOKENS, (token, _tag, name: keyof ClaimNames | undefined) =>
    name === undefined ? token : names[name],
  );
}
