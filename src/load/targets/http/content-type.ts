/** What begins like JSON is looked at; all else is none. */
const BEGINS = /^[\s{["\-\dtfn]/;

/** Bodies are shared by many messages: each is looked at once. */
const known = new WeakMap<Buffer, string>();

/** `application/json` where the body is JSON, else `application/octet-stream`. */
export function contentTypeOf(body: Buffer): string {
  let type = known.get(body);
  if (type === undefined) {
    type = isJson(body) ? 'application/json' : 'application/octet-stream';
    known.set(body, type);
  }
  return type;
}

function isJson(body: Buffer): boolean {
  if (!BEGINS.test(body.toString('latin1', 0, 1))) return false;
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}
