import { readFile } from 'node:fs/promises';
import type { Analysis, SavedAnalysis } from '../../src/analyse/index.ts';
import { QctlError } from '../../src/errors.ts';
import { formatJson } from '../term/json.ts';
import { requireWritableFile, writeOutFile } from '../term/out-file.ts';

/** Written into every file, so that a later qctl knows what it reads. */
const SCHEMA = 1;

/** Throws where `--save` could not be written, before anything is looked at. */
export async function requireSavable(path: string | undefined): Promise<void> {
  if (path !== undefined) await requireWritableFile(path);
}

/** Keeps an analysis; the file is the owner's alone, and holds no secret. */
export function save(path: string, analysis: Analysis): Promise<void> {
  return writeOutFile(path, formatJson({ type: 'analysis', schema: SCHEMA, ...analysis }));
}

/** Reads what {@link save} has written, or what `-o json` has printed. Throws `config` where it is neither. */
export async function readSaved(path: string): Promise<SavedAnalysis> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw bad(path, `cannot read ${path}: ${cause.code}`, cause);
  });
  const saved = parse(path, text) as Partial<SavedAnalysis> & { type?: string; schema?: number };
  const whole = named(saved.findings, 'code') && named(saved.moves, 'name') && typeof saved.at === 'string';
  if (saved.type !== 'analysis' || !whole) throw bad(path, `${path} is no saved analysis`);
  if ((saved.schema ?? SCHEMA) !== SCHEMA)
    throw bad(path, `${path} was saved by another version of qctl (schema ${saved.schema})`);
  return saved as SavedAnalysis;
}

/** A list of objects that have such a name. */
function named(list: unknown, field: string): boolean {
  return Array.isArray(list) && list.every((item) => typeof item?.[field] === 'string');
}

function parse(path: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw bad(path, `${path} is not JSON`);
}

function bad(path: string, what: string, cause?: unknown): QctlError {
  return new QctlError('config', `--compare: ${what}`, {
    code: 'SAVED_INVALID',
    hint: [
      "'qctl analyse --save FILE' writes such a file, and so does 'qctl analyse -o json --out-file FILE'",
    ],
    details: { path },
    cause,
  });
}
