/** One text of a page that is hard to read. */
export interface FaintText {
  text: string;
  colour: string;
  background: string;
  ratio: number;
}

/** What a chart is made of. */
export interface ChartFacts {
  title: string;
  described: boolean;
  lines: number;
  points: number;
  rows: number;
  faults: number;
  bands: number;
}

export declare function faintTexts(): FaintText[];
export declare function openAllDetails(): void;
export declare function pageLook(): { width: number; background: string };
export declare function chartFacts(figures: unknown[]): ChartFacts[];
