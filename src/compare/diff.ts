import { numberValue, plainText, typeOf, type Value, writeValue } from './json.ts';
import { formatPath, meansPlace, type PathPattern, type Step } from './path.ts';
import { isNear, type Tolerance } from './tolerance.ts';
import type { DifferenceKind } from './types.ts';

/** One place in which two records differ. */
export interface Difference {
  path: readonly Step[];
  kind: DifferenceKind;
  /** Undefined where the record has nothing there. */
  old: Value | undefined;
  new: Value | undefined;
  ignored: boolean;
}

/** What is not taken for a difference, or for one that counts. */
export interface DiffRules {
  ignore: readonly PathPattern[];
  unordered: readonly PathPattern[];
  tolerance: Tolerance;
  looseTypes: boolean;
}

/** `items[*].score`: what all places of a list share. */
export function fieldOf({ path }: Difference): string {
  return formatPath(path, true);
}

/** All places in which two records differ; none: they are equal, or near enough. */
export function differences(rules: DiffRules, old: Value, fresh: Value): Difference[] {
  const walk = new Walk(rules);
  walk.compare(old, fresh, []);
  return walk.found;
}

/** Longer lists are not searched for partners that are near and not equal: each would be held against each. */
const MOST_NEAR = 100;

class Walk {
  readonly found: Difference[] = [];
  readonly #rules: DiffRules;

  constructor(rules: DiffRules) {
    this.#rules = rules;
  }

  compare(old: Value, fresh: Value, path: readonly Step[]): void {
    if (old === fresh) return;
    if (meansPlace(this.#rules.ignore, path)) {
      if (writeValue(old) !== writeValue(fresh)) this.#add(path, 'value', old, fresh, true);
      return;
    }
    const [was, is] = [typeOf(old), typeOf(fresh)];
    if (was !== is) {
      if (!this.#isLooselyEqual(old, fresh, path)) this.#add(path, 'type', old, fresh);
    } else if (was === 'object') this.#objects(old as Fields, fresh as Fields, path);
    else if (was === 'array') this.#lists(old as Value[], fresh as Value[], path);
    else if (!isNear(this.#rules.tolerance, path, old, fresh)) this.#add(path, 'value', old, fresh);
  }

  #isLooselyEqual(old: Value, fresh: Value, path: readonly Step[]): boolean {
    if (!this.#rules.looseTypes || isComposite(old) || isComposite(fresh)) return false;
    if (old === null || fresh === null) return false;
    const [was, is] = [plainText(old), plainText(fresh)];
    if (was === is || isNear(this.#rules.tolerance, path, was, is)) return true;
    // 1.50 and 1.5 are one number, and '' is none.
    return was !== '' && is !== '' && numberValue(was) === numberValue(is);
  }

  #objects(old: Fields, fresh: Fields, path: readonly Step[]): void {
    for (const name of Object.keys(old)) {
      const at = [...path, name];
      if (Object.hasOwn(fresh, name)) this.compare(old[name]!, fresh[name]!, at);
      else this.#oneSided(at, 'missing', old[name]);
    }
    for (const name of Object.keys(fresh)) {
      if (!Object.hasOwn(old, name)) this.#oneSided([...path, name], 'extra', fresh[name]);
    }
  }

  #oneSided(path: readonly Step[], kind: 'missing' | 'extra', value: Value | undefined): void {
    const [old, fresh] = kind === 'missing' ? [value, undefined] : [undefined, value];
    this.#add(path, kind, old, fresh, meansPlace(this.#rules.ignore, path));
  }

  #lists(old: readonly Value[], fresh: readonly Value[], path: readonly Step[]): void {
    if (meansPlace(this.#rules.unordered, path)) this.#unordered(old, fresh, path);
    else if (old.length !== fresh.length) this.#add(path, 'length', [...old], [...fresh]);
    else this.#ordered(old, fresh, path);
  }

  #ordered(old: readonly Value[], fresh: readonly Value[], path: readonly Step[]): void {
    const before = this.found.length;
    old.forEach((value, at) => {
      this.compare(value, fresh[at]!, [...path, at]);
    });
    const own = this.found.slice(before);
    if (own.some(({ ignored }) => !ignored) && this.#isPermuted(old, fresh, path)) {
      this.found.length = before;
      this.#add(path, 'order', [...old], [...fresh]);
    }
  }

  #isPermuted(old: readonly Value[], fresh: readonly Value[], path: readonly Step[]): boolean {
    const { leftOld } = this.#pairUp(old, fresh, path);
    return leftOld.length === 0;
  }

  #unordered(old: readonly Value[], fresh: readonly Value[], path: readonly Step[]): void {
    const { leftOld, leftNew } = this.#pairUp(old, fresh, path);
    const pairs = Math.min(leftOld.length, leftNew.length);
    if (old.length !== fresh.length) this.#add(path, 'length', [...old], [...fresh]);
    else
      for (let i = 0; i < pairs; i += 1)
        this.compare(old[leftOld[i]!]!, fresh[leftNew[i]!]!, [...path, leftOld[i]!]);
  }

  /** Positions of what has no partner on the other side, wherever that may stand. */
  #pairUp(
    old: readonly Value[],
    fresh: readonly Value[],
    path: readonly Step[],
  ): { leftOld: number[]; leftNew: number[] } {
    const byText = new Map<string, number[]>();
    fresh.forEach((value, at) => {
      const text = writeValue(value);
      const places = byText.get(text);
      if (places) places.push(at);
      else byText.set(text, [at]);
    });
    const leftOld = old.flatMap((value, at) =>
      byText.get(writeValue(value))?.pop() === undefined ? [at] : [],
    );
    const leftNew = [...byText.values()].flat().sort((a, b) => a - b);
    if (leftOld.length > MOST_NEAR || leftNew.length > MOST_NEAR) return { leftOld, leftNew };
    const alone = leftOld.filter((at) => {
      const partner = leftNew.findIndex((place) => this.#isSame(old[at]!, fresh[place]!, [...path, at]));
      if (partner >= 0) leftNew.splice(partner, 1);
      return partner < 0;
    });
    return { leftOld: alone, leftNew };
  }

  /** Equal but for what is ignored or tolerated. */
  #isSame(old: Value, fresh: Value, path: readonly Step[]): boolean {
    const walk = new Walk(this.#rules);
    walk.compare(old, fresh, path);
    return walk.found.every(({ ignored }) => ignored);
  }

  #add(
    path: readonly Step[],
    kind: DifferenceKind,
    old: Value | undefined,
    fresh: Value | undefined,
    ignored = false,
  ): void {
    this.found.push({ path, kind, old, new: fresh, ignored });
  }
}

type Fields = { [name: string]: Value };

function isComposite(value: Value): boolean {
  return typeof value === 'object' && value !== null;
}
