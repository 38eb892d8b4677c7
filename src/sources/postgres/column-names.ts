/** A column as far as its name and type tell what it is for. */
export interface NamedColumn {
  name: string;
  /** As Postgres formats it: `timestamp with time zone`. */
  type: string;
}

/** Names of the time at which a row came to be. */
export const ENQUEUED = /^(?:enqueued|created|inserted|queued)(?:_(?:at|on))?$/;

/** Names of a time to wait for: a row that is taken before it is a message sent too early. */
export const NOT_BEFORE =
  /^(?:(?:next_)?(?:run|send|deliver|process|execute|perform|start|publish|retry|attempt|try|due|scheduled|available|visible)_(?:at|after|from|on|for|time)|run|not_before|due|scheduled|(?:delay|delayed|defer|deferred)_until)$/;

/** The time at which rows came to be; undefined where no name tells it. */
export function enqueuedColumn(columns: Iterable<NamedColumn>): string | undefined {
  return [...columns].find(({ name, type }) => ENQUEUED.test(name) && /^(?:timestamp|date)/.test(type))?.name;
}

/** Whether a later row has a greater value, as far as the type tells. */
export function growsByType({ type }: NamedColumn): boolean {
  return /^(?:bigint|integer|smallint|timestamp|date)/.test(type);
}

/** A text, or an enumeration: their types have any name. */
export function isText({ type }: NamedColumn): boolean {
  return !/^(?:integer|smallint|bigint|numeric|real|double|bool|uuid|json|timestamp|date|time|bytea)/.test(
    type,
  );
}
