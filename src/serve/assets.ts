import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** One file of the page, as it is sent. */
export interface Asset {
  body: Buffer;
  type: string;
  etag: string;
  /** Its name changes with its content. */
  immutable: boolean;
}

/** Files by the path that asks for them: `/app.js`. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
};

/**
 * Reads the page into memory, once: no path of a request ever reaches the disk. A folder that is not there is an empty
 * one; files of other kinds than a page has, such as source maps, are left out.
 */
export async function readAssets(folder: string): Promise<Assets> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const body = await readFile(join(folder, name));
    assets.set(`/${name.split(sep).join('/')}`, {
      ...{ body, type },
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      immutable: /[-.][0-9A-Za-z_]{8,}\.\w+$/.test(name),
    });
  }
  return assets;
}
