import { quoteFor } from './env-quote.ts';
import { type Reader, readAs } from './env-readers.ts';
import { type Assignment, appended, parseEnvText, rawOf, without, withRaw } from './env-text.ts';

/** What is to be different in a file of variables. Its own text is latin1, the values are not. */
export interface EnvChange {
  set: Readonly<Record<string, string>>;
  remove: readonly string[];
  readers: readonly Reader[];
}

/** The text of a file as it is kept in memory: one byte a character. */
export function toText(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** See {@link toText}. */
export function toBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/**
 * The text with the variables set and removed; every other byte as it was. Of a name that stands there
 * twice the last counts and is changed. New ones come last.
 */
export function editEnvText(text: string, change: EnvChange): string {
  const added: string[] = [];
  const prefix = exportsAll(text) ? 'export ' : '';
  let edited = without(
    text,
    parseEnvText(text).filter(({ name }) => change.remove.includes(name)),
  );
  for (const [name, value] of Object.entries(change.set)) {
    const last = lastOf(edited, name);
    if (last && readsAs(edited, last, value, change.readers)) continue;
    const raw = encode(quoteFor(value, change.readers, last && rawOf(edited, last)) ?? unwritable(name));
    if (last) edited = withRaw(edited, last, raw);
    else added.push(`${prefix}${name}=${raw}`);
  }
  return appended(edited, added);
}

/** True where every variable is there with its value, and none is there that should not be. */
export function isSo(text: string, { set, remove, readers }: EnvChange): boolean {
  const wrong = Object.entries(set).filter(([name, value]) => {
    const last = lastOf(text, name);
    return !last || !readsAs(text, last, value, readers);
  });
  return wrong.length === 0 && !parseEnvText(text).some(({ name }) => remove.includes(name));
}

/** The assignment that counts. */
export function lastOf(text: string, name: string): Assignment | undefined {
  return parseEnvText(text).findLast((assignment) => assignment.name === name);
}

/** Whether two texts say the same of a variable: both nothing, or the same value. */
export function sameIn(one: string, other: string, name: string, readers: readonly Reader[]): boolean {
  const [a, b] = [writtenIn(one, name), writtenIn(other, name)];
  if (a === undefined || b === undefined || a === b) return a === b;
  return readers.every(
    (reader) => readAs(reader, a) !== undefined && readAs(reader, a) === readAs(reader, b),
  );
}

/** `text` with what `before` says of a variable, word for word. */
export function withFormer(text: string, before: string, name: string): string {
  const now = lastOf(text, name);
  const former = parseEnvText(before).filter((assignment) => assignment.name === name);
  const last = former.at(-1);
  if (!last)
    return without(
      text,
      parseEnvText(text).filter((assignment) => assignment.name === name),
    );
  if (now) return withRaw(text, now, rawOf(before, last));
  return appended(
    text,
    former.map(({ start, end }) => before.slice(start, end).replace(/\r?\n$/, '')),
  );
}

function writtenIn(text: string, name: string): string | undefined {
  const last = lastOf(text, name);
  return last && decode(rawOf(text, last));
}

function readsAs(text: string, at: Assignment, value: string, readers: readonly Reader[]): boolean {
  return readers.every((reader) => readAs(reader, decode(rawOf(text, at))) === value);
}

/** A file whose variables are all exported is read by a shell for what it starts. */
function exportsAll(text: string): boolean {
  const all = parseEnvText(text);
  return all.length > 0 && all.every(({ exported }) => exported);
}

function encode(raw: string): string {
  return Buffer.from(raw).toString('latin1');
}

function decode(raw: string): string {
  return Buffer.from(raw, 'latin1').toString();
}

function unwritable(name: string): never {
  throw new RangeError(`no way to write the value of ${name}`);
}
