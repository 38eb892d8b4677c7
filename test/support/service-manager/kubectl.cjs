// A kubectl whose deployments are really running processes; a controller of its own rolls them out.
const { spawn } = require('node:child_process');
const path = require('node:path');
const { locked, sleep } = require('./common.cjs');
const processes = require('./processes.cjs');
const { fresh, main } = require('./kubectl-main.cjs');

const stateName = (key) => `workload-${key}`;
const read = (key) => processes.readState(stateName(key));

const reconcile = (key) => {
  const controller = spawn(process.execPath, [path.join(__dirname, 'controller.cjs'), key], {
    detached: true,
    stdio: 'ignore',
    env: process.env,
  });
  controller.unref();
};

// What nobody has touched yet is as it was defined.
const create = (key, kind, namespace, name) => {
  const definition = processes.definitions().deployments?.[name];
  if (!definition || kind !== 'Deployment' || namespace !== 'default') return undefined;
  const object = fresh(kind, namespace, name);
  object.spec.replicas = definition.replicas ?? 1;
  const list = Object.entries(definition.env ?? {});
  object.spec.template.spec.containers[0].env = list.map(([variable, value]) =>
    typeof value === 'string' ? { name: variable, value } : { name: variable, ...value },
  );
  const state = { object, pods: [], observed: 0 };
  processes.writeState(stateName(key), state);
  return state;
};

const withStatus = ({ object, pods, observed }) => {
  const template = JSON.stringify(object.spec.template);
  const live = pods.filter((pod) => processes.lives(pod.process) && !pod.terminating);
  const ready = live.filter((pod) => pod.ready).length;
  const updatedReplicas = live.filter((pod) => pod.template === template).length;
  const status = { observedGeneration: observed, replicas: live.length, updatedReplicas };
  return { ...object, status: { ...status, readyReplicas: ready, availableReplicas: ready } };
};

main({
  get: (key, kind, namespace, name) => {
    const known = read(key);
    const state = known.object
      ? known
      : locked(stateName(key).replaceAll('/', '~'), () => create(key, kind, namespace, name));
    return state && withStatus(state);
  },
  update: (key, work) => {
    locked(stateName(key).replaceAll('/', '~'), () => {
      const state = read(key);
      processes.writeState(stateName(key), { ...state, object: work(structuredClone(state.object)) });
    });
    reconcile(key);
  },
  pods: (namespace, app) => {
    const { pods = [] } = read(`${namespace}/Deployment/${app}`);
    return pods.filter((pod) => processes.lives(pod.process)).map((pod) => pod.name);
  },
  rollout: (key, timeoutMs) => {
    const deadline = timeoutMs > 0 ? Date.now() + timeoutMs : Number.POSITIVE_INFINITY;
    // The one that was started by the change may have been killed.
    reconcile(key);
    for (;;) {
      const { object, observed, stuck } = read(key);
      if (observed === object.metadata.generation) return undefined;
      if (stuck === object.metadata.generation)
        return `deployment "${object.metadata.name}" exceeded its progress deadline`;
      if (Date.now() > deadline) return 'timed out waiting for the condition';
      sleep(20);
    }
  },
});
