#!/usr/bin/env node
// Plain JavaScript on purpose: it must run far enough on an old Node to say what is wrong.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`qctl: needs Node.js 20.19 or newer, this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const { main } = await import('../dist/main.js');
  await main(process.argv.slice(2));
}
