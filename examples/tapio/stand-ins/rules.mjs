/*
 * The team's correlation rules, for both engines: each looks things up about the namespace of an event, and says what it
 * has found. What they come to depends on the event and on what was looked up alone.
 */
const RULES = {
  memory: [
    // The second engine had `>` here at first: it misses what stands exactly at the limit.
    rule('memory-pressure', 'memoryLimit', (event, limit, bound) => bound(event.value, limit)),
    rule('memory-pressure-cascade', 'replicas', (event, replicas) => event.value > 95 && replicas > 1),
  ],
  cpu: [
    rule('cpu-throttling', 'cpuLimit', (event, limit) => event.value >= limit),
    rule('noisy-neighbour', 'replicas', (event, replicas) => event.value > 60 && replicas > 2),
  ],
  network: [
    rule('packet-loss', 'lossLimit', (event, limit) => event.value >= limit),
    rule('retry-storm', 'replicas', (event, replicas) => event.value > 50 && replicas > 2),
  ],
};

/** What the lookups give where nobody has set anything. */
const DEFAULTS = { memoryLimit: 90, cpuLimit: 80, lossLimit: 70, replicas: 3 };

/** Hash in which the context of all namespaces stands. */
export const CONTEXT = 'tapio:context';

export const atLeast = (value, limit) => value >= limit;
export const above = (value, limit) => value > limit;

function rule(name, needs, holds) {
  return { name, needs, holds };
}

/** The rules for a category; an event without one has none. */
export function rulesFor(category) {
  return RULES[category] ?? [];
}

/** The field of the context that a rule looks up. */
export function contextField(namespace, { needs }) {
  return `${namespace}:${needs}`;
}

/** What a rule makes of an event; `found` is what stands in the context, or null. */
export function judge(event, one, found, bound = atLeast) {
  const value = found === null ? DEFAULTS[one.needs] : Number(found);
  return { rule: one.name, fires: one.holds(event, value, bound) };
}
