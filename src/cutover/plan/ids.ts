/** A name as an id: `Stop the old workers!` is `stop-the-old-workers`; empty where it has no letter and no digit. */
export function slug(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

/** Gives each step an id: of its name, else of its stage and kind with a number: `mirror/systemd-1`. */
export class StepIds {
  readonly #counts = new Map<string, number>();

  of(step: { name?: string; stage: string | null; kind: string }): string {
    if (step.name !== undefined) return slug(step.name);
    const prefix = step.stage === null ? slug(step.kind) : `${slug(step.stage)}/${slug(step.kind)}`;
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    return `${prefix}-${count}`;
  }
}

/** Whether a step belongs to the one of this id: is it, or one of those that it was expanded to. */
export function isPartOf(id: string, base: string): boolean {
  return id === base || id.startsWith(`${base}/`);
}
