// npm run sbom: writes a CycloneDX list of all that a user of qctl gets, what is bundled included. The same lock file gives
// the same bytes. The first argument is the file, `-` for stdout; without one it is sbom.cdx.json.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { thirdParties } from './third-party.ts';

interface Component {
  'bom-ref': string;
  name: string;
  scope: string;
  properties: { name: string; value: string }[];
}

interface Bom {
  serialNumber: string;
  metadata: { timestamp?: string; component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

function everything(): Bom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const text = execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(text) as Bom;
}

/** Without the tools of the developers; what is bundled is required, whoever brought it. */
function shipped(bom: Bom): Bom {
  const parties = new Map(thirdParties().map((one) => [`${one.name}@${one.version}`, one]));
  const components = bom.components
    .filter((component) => parties.has(component['bom-ref']))
    .map((component) => {
      const { bundled } = parties.get(component['bom-ref'])!;
      const properties = bundled ? [{ name: 'qctl:bundled', value: 'true' }] : [];
      return { ...component, scope: 'required', properties };
    });
  const refs = new Set([bom.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  return { ...bom, components, dependencies };
}

/** The name of the folder, the time and a random number are no part of what was made. */
function reproducible(bom: Bom): Bom {
  const { timestamp: _, component, ...metadata } = bom.metadata;
  const whole = { ...bom, metadata: { ...metadata, component: { ...component, name: 'qctl' } } };
  const hex = createHash('sha256')
    .update(JSON.stringify({ ...whole, serialNumber: '' }))
    .digest('hex');
  const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { ...whole, serialNumber: `urn:uuid:${uuid}` };
}

const text = `${JSON.stringify(reproducible(shipped(everything())), null, 2)}\n`;
const file = process.argv[2] ?? 'sbom.cdx.json';
if (file === '-') process.stdout.write(text);
else writeFileSync(file, text);
