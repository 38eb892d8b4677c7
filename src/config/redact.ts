/** Stands where a secret was. */
export const REDACTED = '***';

const SECRET_PARAMETER =
  /([?&;]|^)((?:[\w.-]*(?:password|passwd|secret|token|signature|credential)[\w.-]*|pwd|pass|auth)=)[^&#;]*/gi;
const SECRET_KEY =
  /^(?:.*(?:password|passwd|secret|token|credential|apikey|api_key)|pass|pwd|auth|authorization)$/i;

/**
 * A URL fit to be printed: its password and secret parameters replaced by `***`. A text that is no
 * URL is returned as it is. A password that was not escaped (`p@ss/word`) is covered too; in doubt
 * more is hidden than needed.
 */
export function redactUrl(url: string): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || rest === undefined) return url;
  return scheme + redactUserinfo(rest).replace(SECRET_PARAMETER, `$1$2${REDACTED}`);
}

/** An unescaped password may hold `@` and `/` itself, so everything from the first colon to the last `@` goes. */
function redactUserinfo(rest: string): string {
  const at = rest.lastIndexOf('@');
  const colon = rest.indexOf(':');
  return at < 0 || colon < 0 || colon > at ? rest : `${rest.slice(0, colon)}:${REDACTED}${rest.slice(at)}`;
}

/** True for a URL that carries a password. */
export function hasPassword(url: string): boolean {
  return redactUrl(url) !== url;
}

/** Whether something of this name holds a secret: `DB_PASSWORD`, `apiToken`. */
export function isSecretName(name: string): boolean {
  return SECRET_KEY.test(name);
}

/** A text with these values replaced by `***`, the longest first. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((hidden, secret) => hidden.replaceAll(secret, REDACTED), text);
}

/** A text of unknown origin, such as a foreign error's, with the URLs in it redacted. */
export function redactText(text: string): string {
  // From the first letter of a word on only: a search that begins anew at each letter takes for ever in a long one.
  return text.replace(/(?<![a-z0-9+.-])[a-z0-9+.-]+:\/\/[^\s'"`]+/gi, (found) => {
    const at = found.search(/[a-z]/i);
    return found.slice(0, at) + redactUrl(found.slice(at));
  });
}

/** A configuration fit to be printed: URLs redacted, secrets replaced, of commands only the program's name. */
export function redactConfig<T>(value: T): T {
  return redactValue(value, '') as T;
}

function redactValue(value: unknown, key: string): unknown {
  if (SECRET_KEY.test(key)) return value === undefined || value === null ? value : REDACTED;
  if (/command$/i.test(key) && Array.isArray(value)) return redactCommand(value);
  if (typeof value === 'string') return redactUrl(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactValue(item, name)]));
}

function redactCommand(argv: readonly unknown[]): unknown[] {
  return argv.length > 1 ? [argv[0], REDACTED] : [...argv];
}
