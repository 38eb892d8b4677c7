/** Where in the page somebody is: what stands behind `#` of the address, so that a link shows the same to others. */
export interface Place {
  /** `['stream', 'orders', 'workers']`, decoded. */
  path: string[];
  query: Record<string, string>;
}

/** Reads what stands behind `#`. Nothing or nonsense is the first view. */
export function readPlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').map(decoded);
  return { path: parts[0] ? parts : ['overview'], query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The way back: `#/stream/orders/workers?sort=lag`. What is empty in the query is left out. */
export function placeHash(path: readonly string[], query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const search = new URLSearchParams(given).toString();
  return `#/${path.map(encoded).join('/')}${search && `?${search}`}`;
}

/** A part of a path. Half of a surrogate pair, which no URL can hold, becomes the sign for what is unreadable. */
export function encoded(part: string): string {
  return encodeURIComponent(part.replace(HALF, '\ufffd'));
}

const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
