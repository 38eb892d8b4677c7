import { QctlError } from '../../errors.ts';
import { guard } from './done-check.ts';
import type { ClaimSpec, PostgresSpec } from './spec.ts';

/** Stand in the errors that {@link claimGuard} raises; PostgreSQL quotes the text it could not cast. */
const STILL_READY = 'qctl: claimed and ready: row ';
const NOT_HELD = 'qctl: claimed and not held: row ';

/**
 * The id of a claimed row, or an error that undoes the claim: where the row would still be ready an
 * old worker could take it, and where it is not this run's own nobody would bring it to the target.
 */
export function claimGuard(spec: PostgresSpec, claim: ClaimSpec, id: string): string {
  const ready = spec.ready === undefined ? '' : `WHEN (${spec.ready}) THEN ${guard(STILL_READY, id)} `;
  return `CASE ${ready}WHEN (${claim.held}) THEN ${id} ELSE ${guard(NOT_HELD, id)} END`;
}

/** The error of {@link claimGuard} in the drain's own words; undefined for every other error. */
export function claimUndone(error: unknown, spec: PostgresSpec): QctlError | undefined {
  if (!(error instanceof Error) || !spec.claim) return undefined;
  for (const mark of [STILL_READY, NOT_HELD]) {
    const at = error.message.indexOf(mark);
    if (at < 0) continue;
    const id = error.message.slice(at + mark.length).replace(/ "$/, '');
    return mark === STILL_READY ? claimLeavesReady(id, spec) : notHeld(id, spec);
  }
  return undefined;
}

/** A row that would be ready although it is claimed. */
export function claimLeavesReady(id: string, spec: PostgresSpec): QctlError {
  return new QctlError(
    'config',
    `claim: row ${id} would still be ready after ${columnsOf(spec)} is set: old workers would take it as well`,
    {
      code: 'CLAIM_LEAVES_READY',
      hint: [`the condition must leave out what is claimed: ${spec.ready ?? '(there is none)'}`],
      details: { id },
    },
  );
}

function notHeld(id: string, spec: PostgresSpec): QctlError {
  return new QctlError(
    'config',
    `claim: row ${id} does not carry the claim after ${columnsOf(spec)} is set; nothing was claimed`,
    { code: 'CLAIM_UNDONE', hint: ['look for a trigger that sets these columns itself'], details: { id } },
  );
}

function columnsOf(spec: PostgresSpec): string {
  return Object.keys(spec.claim!.set).join(', ');
}
