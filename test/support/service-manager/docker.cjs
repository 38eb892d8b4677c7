// A docker compose that really starts and stops processes: a container is one.
const { fail, locked, log, parse, print } = require('./common.cjs');
const processes = require('./processes.cjs');

const KNOWN = {
  ...{ '--file': 1, '--project-name': 1, '--format': 1, '--all': 0, '--services': 0 },
  ...{ '--detach': 0, '--no-deps': 0, '--no-recreate': 0, '--force-recreate': 0, '--scale': 1 },
};
const args = process.argv.slice(2);
log('docker', args);
if (args[0] !== 'compose') fail(64, `docker stand-in: does not know ${args[0]}`);
const { options, rest } = parse('docker', args.slice(1), KNOWN);
const [verb, ...names] = rest;

const services = processes.definitions().services ?? {};
const containersOf = (name) => processes.readState(`service-${name}`).pods ?? [];
const scaled = Object.fromEntries([options['--scale'] ?? []].flat().map((word) => word.split('=')));

const startOne = (name) => {
  const { envFile, env, ...definition } = services[name];
  const given = envFile ? processes.readEnvFile(envFile) : {};
  return { process: processes.start(name, definition, { ...env, ...given }) };
};
const stopOne = (name, container) => processes.stop(container.process, services[name].stopTimeoutMs);

const each = (work) => {
  for (const name of names) {
    if (!services[name]) fail(1, `no such service: ${name}`);
    locked(`service-${name}`, () =>
      processes.writeState(`service-${name}`, { pods: work(name, containersOf(name)) }),
    );
  }
};
const running = ({ process: proc }) => processes.lives(proc);

switch (verb) {
  case 'config':
    print(Object.keys(services).join('\n'));
    break;
  case 'ps':
    for (const name of Object.keys(services))
      for (const [at, container] of containersOf(name).entries())
        print(
          JSON.stringify({
            Service: name,
            Name: `${name}-${at + 1}`,
            State: running(container) ? 'running' : 'exited',
          }),
        );
    break;
  case 'up':
    each((name, containers) => {
      const kept = options['--force-recreate'] ? [] : containers.filter(running);
      const wanted = Number(scaled[name] ?? Math.max(1, containers.length));
      for (const container of containers)
        if (!kept.slice(0, wanted).includes(container)) stopOne(name, container);
      const more = Array.from({ length: Math.max(0, wanted - kept.length) }, () => startOne(name));
      return [...kept.slice(0, wanted), ...more];
    });
    break;
  case 'stop':
    each((name, containers) => {
      for (const container of containers) stopOne(name, container);
      return containers;
    });
    break;
  case 'start':
    each((name, containers) => containers.map((one) => (running(one) ? one : startOne(name))));
    break;
  default:
    fail(64, `docker stand-in: does not know compose ${verb}`);
}
