import { readFile, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileFacts, writeAtomically } from '../../src/backends/files/index.ts';
import { QctlError } from '../../src/errors.ts';
import { type Merged, mergeInto, type Proposal, writeDocument } from '../../src/init/index.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import type { Asker } from '../asker.ts';

/** What becomes of the file. */
export interface Writing {
  outcome: 'written' | 'unchanged' | 'added' | 'replaced' | 'left';
  /** What stands in it then. */
  text: string;
  /** What was added to one that was there: `profiles.live.sources.alerts`. */
  added: string[];
}

/** The file as it is; undefined where there is none. Throws `failed` for a folder or one that cannot be read. */
export async function readExisting(path: string): Promise<string | undefined> {
  return (await fileFacts(path)) && readFile(path, 'utf8');
}

/**
 * Decides: a new file is written, one that says it all already is left as it is, and about any other somebody is
 * asked. Throws `refused` INIT_EXISTS where nobody can be.
 */
export async function decideWriting(
  asker: Asker,
  path: string,
  before: string | undefined,
  proposal: Proposal,
  merge: boolean,
): Promise<Writing> {
  const fresh = writeDocument(proposal);
  if (before === undefined) return { outcome: 'written', text: fresh, added: [] };
  const merged = mergeInto(path, before, proposal);
  if (merged.added.length === 0) return { outcome: 'unchanged', text: before, added: [] };
  if (merge) return added(merged);
  if (!asker.isAsking) throw exists(path, merged);
  const what = await asker.select(`${path} is there already`, [
    { name: `add what is missing (${merged.added.length})`, value: 'add' },
    { name: 'leave it as it is', value: 'leave' },
    { name: 'replace it (the old one is kept as .bak)', value: 'replace' },
  ]);
  if (what === 'add') return added(merged);
  return what === 'leave'
    ? { outcome: 'left', text: before, added: [] }
    : { outcome: 'replaced', text: fresh, added: [] };
}

function added(merged: Merged): Writing {
  return { outcome: 'added', ...merged };
}

function exists(path: string, { added: missing }: Merged): QctlError {
  return new QctlError(
    'refused',
    `${path} is there already, and is left as it is: it says nothing of ${missing.join(', ')}`,
    {
      code: 'INIT_EXISTS',
      hint: [
        '--merge adds what is missing, and changes nothing else',
        `or write another file: --out ${shellWord('other.yaml')}`,
      ],
      details: { path, missing },
    },
  );
}

/** Writes it whole or not at all; a file that is replaced is kept beside it. Throws `failed` FILE_NOT_WRITTEN. */
export async function carryOut(
  path: string,
  before: string | undefined,
  { outcome, text }: Writing,
): Promise<void> {
  if (outcome === 'unchanged' || outcome === 'left') return;
  const mode = (await fileFacts(path))?.mode ?? 0o644;
  if (outcome === 'replaced') await writeAtomically(`${path}.bak`, Buffer.from(before ?? ''), { mode });
  await writeAtomically(path, Buffer.from(text), { mode });
}

/** Whether qctl finds the file by itself, in this folder. */
export async function isUsual(path: string): Promise<boolean> {
  const whole = async (one: string) => realpath(one).catch(() => resolve(one));
  return (await whole(path)) === (await whole('qctl.yaml'));
}
