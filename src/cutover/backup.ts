/** A copy of a file as it was, kept beside the journal (mode 0600) and named in it. */
export type Backup = {
  /** Path of the copy; null: there was no such file. */
  path: string | null;
  /** Hex SHA-256 of the bytes; null: there was no such file. */
  sha256: string | null;
  /** Permission bits; null: there was no such file. */
  mode: number | null;
  uid: number | null;
  gid: number | null;
};

/** Keeps the bytes that an undo writes back. */
export interface BackupStore {
  /** Copies a file, durable when it returns. Links are followed. */
  keep(path: string): Promise<Backup>;
  /** Keeps bytes that are no file, or none yet: they may be secret. Durable when it returns. */
  keepBytes(bytes: Buffer): Promise<Backup>;
  /** The bytes of a copy; throws `failed` BACKUP_DAMAGED where they are not what they were. */
  read(backup: Backup): Promise<Buffer>;
  /** Like `read`, in pieces: the error, if any, comes after the last of them. */
  stream(backup: Backup): AsyncIterable<Buffer>;
}
