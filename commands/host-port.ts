import { QctlError } from '../src/errors.ts';

/** Reads `host:port` texts; the port may be left out, and an IPv6 address stands in brackets. */
export function parseHostPorts(
  texts: readonly string[],
  field: string,
  defaultPort: number,
): { host: string; port: number }[] {
  return texts.map((text) => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
    const port = Number(match?.[3] ?? defaultPort);
    if (match && port >= 1 && port <= 65_535) return { host: (match[1] ?? match[2])!, port };
    throw new QctlError('config', `${field}: expected host:port, got ${JSON.stringify(text)}`, {
      code: 'ADDRESS_INVALID',
      hint: ['separate several addresses by commas, and put an IPv6 address in brackets'],
      details: { field },
    });
  });
}
