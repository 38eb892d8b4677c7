import type { Hints } from '../errors.ts';

/** What a socket or TLS failure means to the reader, and what to try. */
export interface Explanation {
  /** Last part of an error code: `UNREACHABLE`, `TIMEOUT`, `TLS`, … */
  code: string;
  /** Lower-case clause that follows a colon. */
  why: string;
  hint: Hints;
  /** True where waiting and repeating makes sense. */
  passing: boolean;
}

const REACH = 'check the host and the port, and that a firewall lets this machine through';

const SOCKET: Record<string, [why: string, hint: string]> = {
  ECONNREFUSED: ['nothing listens there', 'check the host and the port, and that the server is running'],
  ENOTFOUND: [
    'the host name does not resolve',
    'check the spelling of the host name and the DNS of this machine',
  ],
  EAI_AGAIN: ['the name server does not answer', 'check the DNS of this machine'],
  ETIMEDOUT: ['no answer in time', REACH],
  EHOSTUNREACH: ['no route to the host', REACH],
  ENETUNREACH: ['no route to the network', REACH],
  ECONNRESET: ['the connection was cut', 'look into the log of the server'],
  EPIPE: ['the connection was cut', 'look into the log of the server'],
  ENOENT: ['there is no such socket', 'check the path of the socket, and that the server is running'],
  EACCES: ['the socket may not be opened', 'check who may use the socket'],
};

const OWN_CA = 'name the CA certificate that signed it (tls ca, in a postgres url sslrootcert)';
const CLIENT_CERT = 'give the client certificate and its key (tls cert, tls key)';
const PLAIN = 'the server speaks plain text, not TLS';

const TLS: [match: RegExp, why: string, hint: string][] = [
  [/^DEPTH_ZERO_SELF_SIGNED|^SELF_SIGNED/, 'its certificate is self-signed or from an unknown CA', OWN_CA],
  [/^UNABLE_TO_(GET_ISSUER|VERIFY)/, 'its certificate is from an unknown CA', OWN_CA],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'renew the certificate of the server'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet', 'check the clock of this machine'],
  [
    /ALTNAME_INVALID$/,
    'its certificate is for another host name',
    'connect by a name of the certificate, or set tls servername',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    PLAIN,
    'connect without TLS, or to the TLS port',
  ],
  [/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/, 'the server wants a client certificate', CLIENT_CERT],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_)/,
    'the server does not accept the client certificate',
    CLIENT_CERT,
  ],
  [
    /^ERR_OSSL|KEY_VALUES_MISMATCH|NO_START_LINE/,
    'the certificate or key cannot be read',
    'give them as PEM, and the key that belongs to the certificate',
  ],
  [
    /^ERR_SSL|^EPROTO$|^ERR_TLS/,
    'the TLS handshake failed',
    'check that both sides speak the same TLS version',
  ],
];

/** The error itself, its causes and the attempts of an AggregateError, outermost first. */
function* chain(error: unknown, depth = 0): Generator<Error> {
  if (!(error instanceof Error) || depth > 5) return;
  yield error;
  if (error instanceof AggregateError) for (const one of error.errors) yield* chain(one, depth + 1);
  yield* chain(error.cause, depth + 1);
}

/** The system or OpenSSL code (`ECONNREFUSED`, `ERR_SSL_…`) somewhere in an error, if any. */
export function networkCode(error: unknown): string | undefined {
  for (const one of chain(error)) {
    const { code } = one as { code?: unknown };
    if (typeof code === 'string' && (code in SOCKET || TLS.some(([match]) => match.test(code)))) return code;
  }
  return undefined;
}

/** Explains a socket or TLS error; undefined for any other error. */
export function explainNetwork(error: unknown): Explanation | undefined {
  const code = networkCode(error);
  if (code === undefined) return undefined;
  const socket = SOCKET[code];
  if (socket) {
    const name = code === 'ETIMEDOUT' ? 'TIMEOUT' : 'UNREACHABLE';
    return { code: name, why: `${socket[0]} (${code})`, hint: [socket[1]], passing: code !== 'EACCES' };
  }
  const [, why, hint] = TLS.find(([match]) => match.test(code))!;
  return { code: 'TLS', why: `${why} (${code})`, hint: [hint], passing: false };
}

/**
 * A copy of a foreign error that is fit to be kept as `cause`: its name, text and
 * code. Clients hang the arguments of the command on the error, and with them
 * passwords and bodies; those stay behind.
 */
export function plainCause(error: unknown): Error {
  const from = error instanceof Error ? error : new Error(String(error));
  const first = from instanceof AggregateError ? from.errors[0] : undefined;
  const text = from.message || (first instanceof Error ? first.message : '');
  const copy = new Error(withoutArguments(text));
  copy.name = from.name;
  const code = networkCode(from) ?? (from as { code?: unknown }).code;
  if (typeof code === 'string') Object.assign(copy, { code });
  return copy;
}

/** Cuts the arguments that a server repeats in its complaint about a command. */
export function withoutArguments(text: string): string {
  return text.replace(/,? with args beginning with:.*/s, '');
}

/** Settles like `work`, or rejects with an ETIMEDOUT error once `ms` have passed. */
export function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = Object.assign(new Error(`no answer within ${Math.round(ms)} ms`), { code: 'ETIMEDOUT' });
  let timer: NodeJS.Timeout | undefined;
  const alarm = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ms);
  });
  return Promise.race([work, alarm]).finally(() => clearTimeout(timer));
}
