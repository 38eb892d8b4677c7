/**
 * The target stands behind what it had confirmed: a failover to a replica that lagged, or a restart, has
 * taken writes back. The lane's holder gives back what is not settled, opens the lane again and is told
 * there what is missing.
 */
export class RolledBack extends Error {
  readonly stream: string;

  constructor(stream: string, what: string) {
    super(`the target has gone back behind what it had confirmed beside ${stream}: ${what}`);
    this.name = 'RolledBack';
    this.stream = stream;
  }
}

/** Messages that the source has let go of are gone from the target as well; ids as far as they are known. */
export class SettledLost extends Error {
  readonly count: number;
  readonly ids: string[];

  constructor(count: number, ids: string[]) {
    super(`${count} settled messages are gone from the target`);
    this.name = 'SettledLost';
    this.count = count;
    this.ids = ids;
  }
}
