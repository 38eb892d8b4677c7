// Ends all that was started once its stdin closes: with the test, however that ends.
const fs = require('node:fs');
const path = require('node:path');

process.env.QCTL_SANDBOX = process.argv[2];
const processes = require('./processes.cjs');
const { sleep } = require('./common.cjs');

const folder = path.join(process.argv[2], 'state');

const endAll = () => {
  const states = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
  const found = states.flatMap((name) => {
    const state = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
    return [state.process, ...(state.pods ?? []).map((pod) => pod.process)].filter(Boolean);
  });
  const living = found.filter(processes.lives);
  for (const proc of living) processes.tell(proc, 'SIGKILL');
  return living.length;
};

process.stdin.resume();
process.stdin.on('end', () => {
  // No definitions, no starts: a controller that is still at work ends at the next one.
  fs.rmSync(path.join(process.argv[2], 'definitions.json'), { force: true });
  for (let quiet = 0; quiet < 3; quiet += 1) {
    if (endAll() > 0) quiet = 0;
    sleep(30);
  }
  fs.rmSync(process.argv[2], { recursive: true, force: true, maxRetries: 3 });
});
