import { numberValue, openText, readValue, type Value } from '../json.ts';

const BOOLEAN = 16;
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 1700]);
const JSON_TYPES = new Set([114, 3802]);
const TIMESTAMP = 1114;
const TIMESTAMP_WITH_ZONE = 1184;
/** Types of lists by that of their members. */
const LISTS: Record<number, number> = {
  1000: BOOLEAN,
  1005: 21,
  1007: 23,
  1016: 20,
  1021: 700,
  1022: 701,
  1231: 1700,
  1009: 25,
  1015: 1043,
  2951: 2950,
  199: 114,
  3807: 3802,
  1115: TIMESTAMP,
  1185: TIMESTAMP_WITH_ZONE,
};

/** How the text of a column becomes a value: numbers keep their digits, times are RFC 3339, JSON is read. */
export function valueReader(type: number): (text: string) => Value {
  if (type === BOOLEAN) return (text) => text === 't';
  if (NUMBERS.has(type)) return numberValue;
  if (JSON_TYPES.has(type)) return readValue;
  if (type === TIMESTAMP) return (text) => text.replace(' ', 'T');
  if (type === TIMESTAMP_WITH_ZONE) return (text) => text.replace(' ', 'T').replace(/\+00$/, 'Z');
  const member = LISTS[type];
  if (member !== undefined) return (text) => readList(text, valueReader(member));
  return (text) => openText(text, '');
}

/** `{a,"b,c",NULL,{…}}`; what has bounds of its own (`[2:3]={…}`) stays text. */
function readList(text: string, read: (text: string) => Value): Value {
  if (!text.startsWith('{')) return text;
  const stack: Value[][] = [];
  let list: Value[] = [];
  for (const [token, quoted] of text.matchAll(/[{}]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs)) {
    if (token === '{') {
      stack.push(list);
      list = [];
    } else if (token === '}') {
      const outer = stack.pop()!;
      outer.push(list);
      list = outer;
    } else if (quoted !== undefined) list.push(read(quoted.replace(/\\(.)/gs, '$1')));
    else list.push(token === 'NULL' ? null : read(token));
  }
  return list[0] ?? [];
}
