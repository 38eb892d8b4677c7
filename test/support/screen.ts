import { StringDecoder } from 'node:string_decoder';

/** Sequences that move, clear or switch; all others are passed over. */
const SEQUENCE = /^\x1b\[([?\d;]*)([A-Za-z])/;
const UNFINISHED = /^\x1b(?:\[[?\d;]*)?$/;

/** As much of a terminal as a full-screen program needs: a grid, a cursor, and a second screen. */
export class VirtualScreen {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #columns: number;
  #rows: number;
  #cells: string[][] = [];
  #at = { row: 0, column: 0 };
  /** Whether the second screen is shown, and whether the cursor is. */
  alternate = false;
  cursor = true;
  /** Characters that were written so far, those of sequences included. */
  written = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** What is seen, without blanks at the ends of lines. */
  get lines(): string[] {
    return Array.from({ length: this.#rows }, (_, row) =>
      Array.from({ length: this.#columns }, (_, column) => this.#cells[row]?.[column] ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join('\n');
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
  }

  write(data: Buffer): void {
    this.#rest += this.#decoder.write(data);
    this.written += data.length;
    while (this.#rest !== '' && !UNFINISHED.test(this.#rest)) this.#rest = this.#rest.slice(this.#first());
  }

  /** Does the first thing that is said; gives back how long it was. */
  #first(): number {
    const sequence = SEQUENCE.exec(this.#rest);
    if (sequence) {
      this.#obey(sequence[1]!, sequence[2]!);
      return sequence[0].length;
    }
    const char = String.fromCodePoint(this.#rest.codePointAt(0)!);
    if (char === '\r') this.#at.column = 0;
    else if (char === '\n') this.#at.row += 1;
    else if (char >= ' ') this.#put(char);
    return char.length;
  }

  #put(char: string): void {
    this.#cells[this.#at.row] ??= [];
    this.#cells[this.#at.row]![Math.min(this.#at.column, this.#columns - 1)] = char;
    this.#at.column += 1;
  }

  #obey(numbers: string, letter: string): void {
    if (letter === 'H') {
      const [row = 1, column = 1] = numbers.split(';').map((n) => Number(n) || 1);
      this.#at = { row: row - 1, column: column - 1 };
    }
    if (letter === 'K') this.#cells[this.#at.row]?.splice(this.#at.column);
    if (letter === 'J') this.#cells.splice(this.#at.row);
    if (numbers === '?25') this.cursor = letter === 'h';
    if (numbers !== '?1049') return;
    this.alternate = letter === 'h';
    this.#cells = [];
  }
}
