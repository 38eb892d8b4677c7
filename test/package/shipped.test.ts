import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BUNDLED } from '../../scripts/bundle.mjs';
import {
  isAllowed,
  notAllowed,
  type ThirdParty,
  thirdParties,
  thirdPartyPage,
} from '../../scripts/third-party.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ofPackage = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

test('a library that is bundled and installed as well is pinned: what is listed and audited is what runs', () => {
  for (const name of BUNDLED) expect(ofPackage.dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
});

test('the licences name every library that is installed, and carry the text of those that are bundled', () => {
  const page = thirdPartyPage();
  for (const name of Object.keys(ofPackage.dependencies)) expect(page).toContain(`| ${name} | `);
  for (const name of ['ioredis', 'preact', 'uplot', 'zod']) expect(page).toContain(`\n## ${name}\n`);
  expect(page).not.toContain('| vitest |');
});

test('a licence that nobody has agreed to stops the build, by its name', () => {
  const party = (license: string, bundled = false): ThirdParty => ({
    name: 'x',
    version: '1.0.0',
    license,
    folder: 'node_modules/x',
    bundled,
  });
  expect(() => thirdPartyPage([party('MIT'), party('GPL-3.0-only')])).toThrow('x@1.0.0: GPL-3.0-only');
  expect(notAllowed([party('none')])).toEqual(['x@1.0.0: none']);
  // Its files may stand beside those of qctl, and not in them.
  expect(notAllowed([party('MPL-2.0'), party('MPL-2.0', true)])).toHaveLength(1);
});

test.each([
  ['(MIT AND Zlib)', true],
  ['(MIT AND GPL-2.0)', false],
  ['(GPL-2.0 OR MIT)', true],
])('of %s it is %s that it may be used', (expression, expected) => {
  expect(isAllowed(expression, ['MIT', 'Zlib'])).toBe(expected);
});

test('the bill of materials is whole, refers to nothing that it does not list, and comes out alike each time', () => {
  const run = () =>
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/sbom.ts', '-'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
  const text = run();
  expect(run()).toBe(text);
  const { bomFormat, specVersion, serialNumber, metadata, components, dependencies } = JSON.parse(text);
  expect({ bomFormat, specVersion }).toEqual({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  expect(serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(metadata).not.toHaveProperty('timestamp');
  expect(metadata.component).toMatchObject({ name: 'qctl', purl: `pkg:npm/qctl@${ofPackage.version}` });
  const refs: string[] = components.map((one: Record<string, string>) => one['bom-ref']);
  expect(refs.sort()).toEqual(
    thirdParties()
      .map(({ name, version }) => `${name}@${version}`)
      .sort(),
  );
  for (const one of components) {
    expect(one).toMatchObject({ type: 'library', purl: expect.stringMatching(/^pkg:npm\//) });
    expect(one.hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
    expect(one.licenses.length).toBeGreaterThan(0);
  }
  const known = new Set([...refs, metadata.component['bom-ref']]);
  for (const { ref, dependsOn } of dependencies)
    expect([ref, ...dependsOn].filter((one) => !known.has(one))).toEqual([]);
  const bundled = components.filter((one: { properties: { name: string }[] }) => one.properties.length > 0);
  expect(bundled.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['preact', 'uplot', 'zod']),
  );
});
