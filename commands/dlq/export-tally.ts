import { MOST_IMPORT_FIELDS, type WholeDeadLetter } from '../../src/streams/index.ts';
import type { ChoiceFlags, Chosen } from './choice.ts';
import type { ExportReport } from './format-export.ts';
import { purgeOfExport } from './purge-of-export.ts';

/** So many ids are named. */
const MOST_NAMED = 1000;

/** What of an export has gone by. */
export class ExportTally {
  exported = 0;
  readonly #chosen: Chosen;
  readonly #byStream = new Map<string, { exported: number; lastId: string; wide: boolean }>();
  readonly #taken = new Set<string>();
  readonly #wideIds: string[] = [];
  #wide = 0;

  constructor(chosen: Chosen) {
    this.#chosen = chosen;
  }

  add({ stream, id, fields }: WholeDeadLetter): void {
    this.exported += 1;
    const wide = fields.length > MOST_IMPORT_FIELDS;
    const before = this.#byStream.get(stream) ?? { exported: 0, wide: false };
    this.#byStream.set(stream, {
      exported: before.exported + 1,
      lastId: id,
      wide: before.wide || wide,
    });
    if (this.#chosen.choice.ids) this.#taken.add(id);
    if (!wide) return;
    this.#wide += 1;
    if (this.#wideIds.length < MOST_NAMED) this.#wideIds.push(id);
  }

  report(argument: string, flags: ChoiceFlags): Omit<ExportReport, 'file' | 'fileBytes' | 'kept'> {
    const { streams, choice } = this.#chosen;
    const { ids = [], limit = Number.POSITIVE_INFINITY } = choice;
    // Of several streams each has its own end, and is named itself.
    const named = (stream: string): string => (streams.length === 1 ? argument : stream);
    const taken = { ...choice, ids: ids.filter((id) => this.#taken.has(id)) };
    return {
      exported: this.exported,
      streams: [...this.#byStream].map(([stream, { exported, lastId, wide }]) => ({
        ...{ stream, exported, lastId },
        purge: wide ? null : purgeOfExport(named(stream), flags, taken, lastId),
      })),
      missingIds: this.exported < limit ? [...new Set(ids)].filter((id) => !this.#taken.has(id)) : [],
      tooManyFields: this.#wide,
      tooManyFieldsIds: this.#wideIds,
    };
  }
}
