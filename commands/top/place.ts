/** The views, in the order of their keys. */
export const VIEW_NAMES = [
  'streams',
  'dead-letters',
  'breakers',
  'runs',
  'redis',
  'moves',
  'routes',
] as const;
/** See {@link VIEW_NAMES}. */
export type ViewName = (typeof VIEW_NAMES)[number];

/** What can be opened from a row. */
export type Place =
  | { kind: 'stream'; stream: string }
  | { kind: 'letters'; stream: string }
  | { kind: 'letter'; stream: string; id: string }
  | { kind: 'breaker'; breaker: string }
  | { kind: 'run'; run: string }
  | { kind: 'cutover'; run: string }
  | { kind: 'move'; source: string; stream: string }
  | { kind: 'route'; route: string };

/** The name of a place, as a reader knows it. */
export function placeTitle(place: Place): string {
  switch (place.kind) {
    case 'stream':
      return place.stream;
    case 'letters':
      return place.stream;
    case 'letter':
      return place.id;
    case 'breaker':
      return place.breaker;
    case 'move':
      return place.source;
    case 'route':
      return place.route;
    default:
      return place.run;
  }
}
