import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A package of somebody else that a user of qctl gets. */
export interface ThirdParty {
  name: string;
  version: string;
  /** SPDX expression. */
  license: string;
  /** Below the root: `node_modules/zod`. */
  folder: string;
  /** Stands, in part, in the files of qctl itself. */
  bundled: boolean;
}

interface Locked {
  version?: string;
  license?: string;
  dev?: boolean;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(root + path, 'utf8'));

// What may be used, changed and passed on with no more than a notice.
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0', 'Zlib'];
// Likewise, as long as its files stay as they are: not for what is bundled.
const ALLOWED_BESIDE = [...ALLOWED, 'MPL-2.0'];

/** All of them by name and version: what is installed with qctl, and what the build put into it. */
export function thirdParties(): ThirdParty[] {
  const locked = Object.entries<Locked>(json('package-lock.json').packages);
  const bundled = new Set(
    (json('dist/bundled.json') as ThirdParty[]).map(({ name, version }) => `${name}@${version}`),
  );
  const found = locked
    .filter(([folder]) => folder !== '')
    .map(([folder, lock]) => ({ lock, found: describe(folder, lock, bundled) }))
    .filter(({ lock, found }) => !lock.dev || found.bundled);
  const byKey = new Map(found.map(({ found }) => [`${found.name}@${found.version}`, found]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function describe(
  folder: string,
  { version = '', license = 'none' }: Locked,
  bundled: Set<string>,
): ThirdParty {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return { name, version, license, folder, bundled: bundled.has(`${name}@${version}`) };
}

/** True where every licence of an SPDX expression is allowed, or one of those that are to be chosen from. */
export function isAllowed(expression: string, allowed: readonly string[]): boolean {
  const plain = expression.replace(/[()]/g, '');
  return plain
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((license) => allowed.includes(license.trim())));
}

/** Those whose licence nobody has agreed to, as text; empty: none. */
export function notAllowed(parties: readonly ThirdParty[]): string[] {
  return parties
    .filter(({ license, bundled }) => !isAllowed(license, bundled ? ALLOWED : ALLOWED_BESIDE))
    .map(({ name, version, license }) => `${name}@${version}: ${license}`);
}

const INTRO = `# Third-party licences

What \`npm install qctl\` brings besides qctl itself, by the lock file of this version; newer versions may be installed in
their place. Each has its licence with it, in its folder of \`node_modules\`. Those that are **bundled** stand in the files of
qctl as well: their licences are below.
`;

/** THIRD-PARTY-LICENSES.md. Throws where a licence is not on the list of those allowed. */
export function thirdPartyPage(parties: readonly ThirdParty[] = thirdParties()): string {
  const refused = notAllowed(parties);
  if (refused.length > 0) throw new Error(`licences that nobody has agreed to:\n  ${refused.join('\n  ')}`);
  const rows = parties.map(
    ({ name, version, license, bundled }) =>
      `| ${name} | ${version} | ${license} | ${bundled ? 'yes' : ''} |`,
  );
  const table = ['| package | version | licence | bundled |', '|---|---|---|---|', ...rows].join('\n');
  const texts = parties.filter(({ bundled }) => bundled).map(licenceText);
  return `${[INTRO, `${table}\n`, ...texts].join('\n')}`;
}

function licenceText({ name, folder }: ThirdParty): string {
  const file = readdirSync(root + folder).find((one) => /^(licen[cs]e|copying)/i.test(one));
  if (!file) throw new Error(`${name} is bundled and has no licence to be passed on`);
  const text = readFileSync(`${root}${folder}/${file}`, 'utf8').replaceAll('\r', '').trim();
  return `## ${name}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
}
