import { print } from './terminal.ts';

interface Figure {
  what: string;
  value: string;
  /** What it was held to; '' where it is only told. */
  wanted: string;
  holds: boolean;
}

/** What a story has measured, and what each of it was held to. */
export class Figures {
  private readonly rows: Figure[] = [];

  /** A figure that is held to something: `held('lost', 0, { wanted: '0', holds: lost === 0 })`. */
  held(what: string, value: string | number, { wanted, holds }: { wanted: string; holds: boolean }): void {
    this.rows.push({ what, value: `${value}`, wanted, holds });
  }

  /** A figure that is only told. */
  told(what: string, value: string | number): void {
    this.rows.push({ what, value: `${value}`, wanted: '', holds: true });
  }

  /** Prints all of them; true where each held what was wanted. */
  print(): boolean {
    const width = (of: (row: Figure) => string) => Math.max(...this.rows.map((row) => of(row).length), 0);
    const [what, value] = [width((row) => row.what), width((row) => row.value)];
    for (const row of this.rows) {
      const verdict = row.wanted === '' ? '' : `${row.holds ? 'ok    ' : 'FAILED'}  wanted: ${row.wanted}`;
      print(`${row.what.padEnd(what)}  ${row.value.padStart(value)}  ${verdict}`.trimEnd());
    }
    return this.rows.every(({ holds }) => holds);
  }
}
