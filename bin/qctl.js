#!/usr/bin/env node
// Plain JavaScript on purpose: it must run far enough on an old Node to say what is wrong. And CommonJS, which the
// package.json of this folder says: a completion is there before Node's loader of ES modules would have begun.
'use strict';
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`qctl: needs Node.js 20.19 or newer, this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  start(process.argv.slice(2));
}

function start(argv) {
  const completes = argv[0] === '__complete' || argv[0] === '__complete_bash';
  const tellsVersion = argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');
  if (completes || tellsVersion) return require('../dist/quick.cjs').quick(argv);
  return import('../dist/main.js').then(({ main }) => main(argv));
}
