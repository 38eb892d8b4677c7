// What esbuild is told, and what of it is known afterwards.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Libraries of package.json that go into the bundle although they would be installed beside it: almost every command
 * needs them, and in single files they take a third of the time that a command needs to start. Such a one is pinned
 * to one version, so that what is installed, listed and audited is what runs.
 */
export const BUNDLED = ['ioredis'];

/**
 * CommonJS libraries that stay outside and are asked for with require(). For an import Node reads all of their files
 * once more, for the names in them: with the SDK of SQS that is more time than running them takes.
 */
const REQUIRED = [
  '@aws-sdk/client-sqs',
  '@fastify/cookie',
  '@fastify/swagger',
  '@fastify/websocket',
  '@jmespath-community/jmespath',
  '@smithy/node-http-handler',
  'commander',
  'fastify',
  'hdr-histogram-js',
  'light-my-request',
  'pg',
  'pg-copy-streams',
  'yaml',
];

/** CommonJS libraries inside an ES module bundle still call require() for Node's own modules. */
const BANNER = "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);\n";

/** The binary and the library. Their dependencies stay outside, where they can be audited and mended. */
export function nodeOptions(root) {
  const { version, dependencies } = createRequire(join(root, 'package.json'))('./package.json');
  return {
    entryPoints: {
      main: 'commands/main.ts',
      names: 'commands/complete/names.ts',
      index: 'src/index.ts',
      breaker: 'src/breaker/index.ts',
      router: 'src/routing/index.ts',
    },
    bundle: true,
    splitting: true,
    minify: true,
    // A stack trace shows these names.
    keepNames: true,
    // What Node prints above a trace is a line of the file.
    lineLimit: 400,
    // Three hundred files name each other: what a name says beyond that takes room in all of them.
    chunkNames: '[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Optional to a bundled one: there in this folder by chance.
    external: [...Object.keys(dependencies).filter((name) => !BUNDLED.includes(name)), 'supports-color'],
    define: { QCTL_VERSION: JSON.stringify(version) },
    banner: { js: BANNER },
    legalComments: 'none',
  };
}

/** What shells ask at every key press: one file; what only some of the answers need is in the other bundle. */
export function quickOptions(root) {
  const { splitting, chunkNames, banner, ...same } = nodeOptions(root);
  return {
    ...same,
    entryPoints: { quick: 'commands/quick.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [compactManifest, namesElsewhere],
  };
}

const namesElsewhere = {
  name: 'names-elsewhere',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/complete\/names\.ts$/ }, () => ({ path: './names.js', external: true }));
  },
};

/** What `qctl serve` shows, under names that stay: the server tells by their content whether they are new. */
export const pageOptions = {
  entryPoints: [
    { in: 'web/main.tsx', out: 'app' },
    { in: 'web/style/app.css', out: 'app' },
    { in: 'web/index.html', out: 'index' },
  ],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.html': 'copy' },
  legalComments: 'none',
};

/** Few of three hundred files need it. */
export function withoutBanner(text) {
  const rest = text.slice(BANNER.length);
  return text.startsWith(BANNER) && !/\brequire\b/.test(rest) ? rest : text;
}

/**
 * The manifest says the same flags for each of a hundred commands: in the bundle each stands once. It is one string of
 * JSON, which is read in half the time of a program: a shell waits for it at every Tab.
 */
export const compactManifest = {
  name: 'compact-manifest',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]completions[\\/]manifest\.json$/ }, ({ path }) => {
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      const numbers = new Map();
      const numberOf = (flag) => {
        const text = JSON.stringify(flag);
        if (!numbers.has(text)) numbers.set(text, numbers.size);
        return numbers.get(text);
      };
      const flags = manifest.flags.map(numberOf);
      const commands = manifest.commands.map((one) => ({ ...one, flags: one.flags.map(numberOf) }));
      const kept = JSON.stringify({
        flags,
        commands,
        all: [...numbers.keys()].map((text) => JSON.parse(text)),
      });
      const contents = `const { all, flags, commands } = JSON.parse(${JSON.stringify(kept)});
        const listed = (numbers) => numbers.map((number) => all[number]);
        for (const command of commands) command.flags = listed(command.flags);
        export default { flags: listed(flags), commands };`;
      return { contents, loader: 'js' };
    });
  },
};

export const requiredLibraries = {
  name: 'required-libraries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${REQUIRED.join('|')})$`) }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace: 'required' },
    );
    onLoad({ filter: /^/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/** Every package of which something stands in the bundle, with its version, by name. */
export function bundledPackages(root, metafiles) {
  const inputs = metafiles
    .flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => Object.entries(output.inputs)))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const folders = [...new Set(inputs.filter(Boolean))];
  const packages = folders.map((folder) =>
    JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')),
  );
  return packages.map(({ name, version }) => ({ name, version })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
