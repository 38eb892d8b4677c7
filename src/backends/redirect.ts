/** Where a server sends the caller to. */
export interface Redirect {
  to: URL;
  /** False: to another host, or off TLS. A credential is for one host, so nobody goes there by himself. */
  sameHost: boolean;
}

/** What a response with a 3xx status asks for; undefined for any other. */
export function redirectOf(response: Response, at: URL): Redirect | undefined {
  const location = response.headers.get('location');
  if (response.status < 300 || response.status > 399 || location === null) return undefined;
  if (!URL.canParse(location, at.href)) return undefined;
  const to = new URL(location, at);
  const sameHost = to.host === at.host && (to.protocol === at.protocol || to.protocol === 'https:');
  return { to, sameHost };
}
