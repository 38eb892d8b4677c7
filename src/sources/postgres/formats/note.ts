import type { AnyClaim } from '../spec.ts';

/** What a claim overwrites, kept as JSON in a text of the row itself: whoever holds the row can give it back as it was. */
export interface ClaimNote {
  /** SQL that writes the note; over the row `t`, before it is claimed. */
  make: string;
  /** SQL: whether the row carries one. */
  present: string;
  /** SQL, as text: what `name` was before the claim, or what it is where there was none. */
  was(name: string): string;
  /** SQL, as text, of a claimed row: what `name` was before. */
  kept(name: string): string;
  /** Rows that carry one, and whose it is. */
  anyones: AnyClaim;
}

/**
 * A note that stands in `place` (SQL of type text) of a claimed row.
 *
 * @param kept name -> column, or SQL over the row
 */
export function claimNote(place: string, kept: Record<string, string>): ClaimNote {
  const pairs = Object.entries(kept).map(([name, sql]) => `'${name}', t.${sql}`);
  const present = `coalesce(${place}, '') LIKE '{"qctl" :%'`;
  const read = (name: string): string => `((${place})::json ->> '${name}')`;
  return {
    make: `json_build_object('qctl', :text, ${pairs.join(', ')})::text`,
    present,
    kept: read,
    anyones: { held: present, by: read('qctl') },
    was: (name) => `CASE WHEN ${present} THEN ${read(name)} ELSE (${kept[name]})::text END`,
  };
}
