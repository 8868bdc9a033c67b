import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { describeSetting, loadConfig, settings } from '../../src/config.ts';
import { startApp } from '../http/harness.ts';
import { at, type Fields, KUBERNETES, manifests, only, readYaml, yamlFiles } from './manifests.ts';
import { schemaFaults, typeFaults } from './schemas.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
}

const readme = readFileSync(join(KUBERNETES, 'README.md'), 'utf8');
const dockerfile = readFileSync('docker/Dockerfile', 'utf8');
const picker = readYaml('gateway/endpoint-picker.values.yaml')[0]!;
const deployment = only('Deployment');
const pod = at<Fields>(deployment, 'spec.template');
const container = at<Fields>(pod, 'spec.containers.0');
const variables = new Map(at<readonly Variable[]>(container, 'env').map((it) => [it.name, it]));

/** What the container is given, as far as it is in the manifest. */
const config = loadConfig({}, Object.fromEntries([...variables].map(([name, { value }]) => [name, value])));

describe('the Kubernetes manifests', () => {
  for (const manifest of manifests)
    it(`${manifest.file}: ${manifest.kind} holds to its schema`, async () => {
      assert.deepEqual(await schemaFaults(manifest), []);
    });

  it('have no field that the types of their kinds do not have', () => {
    const budget = manifests.find(({ kind }) => kind === 'PodDisruptionBudget')!;
    const spec = { ...at<Fields>(budget.object, 'spec'), maxUnavailible: 1 };
    const misspelled = { ...budget, file: 'misspelled', object: { ...budget.object, spec } };
    const [fault, ...others] = typeFaults([...manifests, misspelled]);
    assert.match(fault ?? '', /^misspelled: .*maxUnavailible/);
    assert.deepEqual(others, []);
  });

  it('are all part of a kustomization that README.md applies', () => {
    const listed = yamlFiles
      .filter((file) => file.endsWith('kustomization.yaml'))
      .flatMap((file) => {
        const [kustomization] = readYaml(file);
        assert.equal(at(kustomization, 'apiVersion'), 'kustomize.config.k8s.io/v1beta1');
        assert.ok(readme.includes(`kubectl apply -k ${join(KUBERNETES, dirname(file))}`), file);
        return at<readonly string[]>(kustomization, 'resources').map((it) => join(dirname(file), it));
      });
    assert.deepEqual(listed.sort(), manifests.map(({ file }) => file).sort());
  });

  it('select the pods of the deployment, and not those of the import', () => {
    const labels = at<Fields>(pod, 'metadata.labels');
    const others = at<Fields>(only('Job'), 'spec.template.metadata.labels');
    const selectors = {
      Deployment: at<Fields>(deployment, 'spec.selector.matchLabels'),
      Service: at<Fields>(only('Service'), 'spec.selector'),
      PodDisruptionBudget: at<Fields>(only('PodDisruptionBudget'), 'spec.selector.matchLabels'),
      NetworkPolicy: at<Fields>(only('NetworkPolicy'), 'spec.podSelector.matchLabels'),
      PodMonitor: at<Fields>(only('PodMonitor'), 'spec.selector.matchLabels'),
      InferencePool: at<Fields>(only('InferencePool'), 'spec.selector.matchLabels'),
      spread: at<Fields>(pod, 'spec.topologySpreadConstraints.0.labelSelector.matchLabels'),
      picker: at<Fields>(picker, 'router.modelServers.matchLabels'),
    };
    const selects = (selector: Fields, of: Fields) =>
      Object.entries(selector).every(([label, value]) => of[label] === value);
    for (const [what, selector] of Object.entries(selectors)) {
      assert.ok(selects(selector, labels), what);
      assert.ok(!selects(selector, others), what);
    }
    const name = at(deployment, 'metadata.name');
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    assert.deepEqual(at<Fields>(only('HorizontalPodAutoscaler'), 'spec.scaleTargetRef'), target);
    assert.equal(at(deployment, 'spec.replicas'), undefined, 'the autoscaler says how many');
  });

  it('agree about ports', () => {
    const ports = at<readonly { readonly name: string; readonly containerPort: number }[]>(
      container,
      'ports',
    );
    assert.deepEqual(Object.fromEntries(ports.map(({ name, containerPort }) => [name, containerPort])), {
      http: config.port,
      metrics: config.metricsPort,
    });
    assert.equal(at(only('Service'), 'spec.ports.0.targetPort'), 'http');
    assert.deepEqual(at<unknown>(only('InferencePool'), 'spec.targetPorts'), [{ number: config.port }]);
    assert.deepEqual(at<unknown>(picker, 'router.modelServers.targetPorts'), [{ number: config.port }]);
    assert.equal(at(only('PodMonitor'), 'spec.podMetricsEndpoints.0.port'), 'metrics');
    const allowed = at<readonly Fields[]>(only('NetworkPolicy'), 'spec.ingress').map((it) =>
      at(it, 'ports.0.port'),
    );
    assert.deepEqual(allowed, ['http', 'metrics']);
  });

  it('route what the API has, to the pool and the service, for as long as an answer may take', () => {
    const rules = at<readonly Fields[]>(only('HTTPRoute'), 'spec.rules');
    const backends = rules.map((rule) =>
      ['kind', 'name', 'port'].map((it) => at(rule, `backendRefs.0.${it}`)),
    );
    assert.deepEqual(backends, [
      ['InferencePool', at(only('InferencePool'), 'metadata.name'), undefined],
      ['Service', at(only('Service'), 'metadata.name'), at(only('Service'), 'spec.ports.0.port')],
    ]);
    const paths = Object.keys(openapi());
    for (const rule of rules) {
      const seconds = Number.parseInt(at(rule, 'timeouts.request'), 10);
      assert.ok(seconds * 1000 >= config.requestTimeoutMs, `${seconds} s`);
      for (const match of at<readonly Fields[]>(rule, 'matches')) {
        const prefix = at(match, 'path.value');
        assert.ok(
          paths.some((path) => path === prefix || path.startsWith(`${prefix}/`)),
          prefix,
        );
      }
    }
  });

  it('probe paths of the API that need no key', () => {
    const paths = openapi();
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const path = at(container, `${probe}.httpGet.path`);
      assert.ok(paths[path]?.get, `${probe}: ${path}`);
      assert.equal(paths[path].get.security, undefined, `${path} needs a key`);
      assert.equal(at(container, `${probe}.httpGet.port`), 'http');
    }
    assert.equal(at(container, 'livenessProbe.httpGet.path'), '/health/live', 'a drain is no reason to kill');
  });

  it('set variables that exist', () => {
    const known = new Set(settings.map((setting) => describeSetting(setting).variable));
    for (const kind of ['Deployment', 'Job'])
      for (const { name } of at<readonly Variable[]>(only(kind), 'spec.template.spec.containers.0.env'))
        assert.ok(known.has(name) || name === 'MALLOC_ARENA_MAX', `${name} is no setting`);
    assert.equal(
      at(variables.get('SOFTPROMPT_THREADS'), 'valueFrom.resourceFieldRef.resource'),
      'requests.cpu',
    );
    assert.equal(at<boolean>(pod, 'spec.enableServiceLinks'), false, 'else the service sets SOFTPROMPT_PORT');
    const arenas = variables.get('MALLOC_ARENA_MAX')?.value;
    assert.ok(dockerfile.includes(`MALLOC_ARENA_MAX=${arenas}`));
  });

  it('give a pod the time that its drain takes', () => {
    const preStop = at<number>(container, 'lifecycle.preStop.sleep.seconds');
    const drain = Math.max(config.drainTimeoutMs, config.drainNoticeMs) / 1000;
    const grace = at<number>(pod, 'spec.terminationGracePeriodSeconds');
    assert.ok(preStop > 0 && drain > 0);
    assert.ok(grace >= preStop + drain + 10, `${grace} s`);
  });

  it('run as the user of the image, who writes to volumes alone', () => {
    for (const kind of ['Deployment', 'Job']) {
      const spec = at<Fields>(only(kind), 'spec.template.spec');
      assert.equal(at<boolean>(spec, 'securityContext.runAsNonRoot'), true, kind);
      assert.ok(dockerfile.includes(`\nUSER ${at<number>(spec, 'securityContext.runAsUser')}\n`));
      assert.equal(at<boolean>(spec, 'automountServiceAccountToken'), false);
      assert.deepEqual(at<Fields>(spec, 'containers.0.securityContext'), {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const mounts = at<readonly Fields[]>(spec, 'containers.0.volumeMounts');
      const volumes = at<readonly Fields[]>(spec, 'volumes');
      assert.deepEqual(mounts.map(({ name }) => name).sort(), volumes.map(({ name }) => name).sort());
      const home = at<readonly Variable[]>(spec, 'containers.0.env').find(
        ({ name }) => name === 'SOFTPROMPT_HOME',
      );
      const writable = mounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
      assert.deepEqual(writable.sort(), [home?.value, '/tmp'].sort(), kind);
    }
    assert.ok(variables.get('SOFTPROMPT_MIRROR')?.value?.startsWith(`${config.home}/`));
  });

  it('take what is secret, and the model, from objects that README.md says how to make', () => {
    const url = at<Fields>(variables.get('SOFTPROMPT_DB'), 'valueFrom.secretKeyRef');
    assert.ok(readme.includes(`create secret generic ${url.name} --from-literal=${url.key}=`));
    const volumes = new Map(
      at<readonly Fields[]>(pod, 'spec.volumes').map((volume) => [volume.name, volume]),
    );
    const mounts = new Map(
      at<readonly Fields[]>(container, 'volumeMounts').map((mount) => [mount.name, mount]),
    );
    const keys = at<Fields>(volumes.get('api-keys'), 'secret');
    const { key, path } = at<{ readonly key: string; readonly path: string }>(keys, 'items.0');
    assert.ok(readme.includes(`create secret generic ${keys.secretName} --from-literal=${key}=`));
    assert.equal(config.apiKeysFile, join(at(mounts.get('api-keys'), 'mountPath'), path));
    assert.equal(at(mounts.get('api-keys'), 'subPath'), undefined, 'changes would not arrive');
    const model = at<Fields>(variables.get('SOFTPROMPT_MODEL'), 'valueFrom.configMapKeyRef');
    const directory = at(mounts.get('model'), 'mountPath');
    assert.ok(readme.includes(`create configmap ${model.name} --from-literal=${model.key}=${directory}/`));
    const claimName = at(only('PersistentVolumeClaim'), 'metadata.name');
    assert.deepEqual(at<Fields>(volumes.get('model'), 'persistentVolumeClaim'), {
      claimName,
      readOnly: true,
    });
    assert.equal(at(only('Job'), 'spec.template.spec.volumes.0.persistentVolumeClaim.claimName'), claimName);
    const others = at<Fields>(container, 'envFrom.0.configMapRef');
    assert.equal(others.optional, true);
    assert.ok(readme.includes(`ConfigMap \`${others.name}\``));
  });

  it('ask for metrics that are shown', async (t) => {
    const { inject } = await startApp(t);
    const { body } = await inject({ url: '/metrics' });
    const gauges = new Set([...body.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name));
    const scaled = at<readonly Fields[]>(only('HorizontalPodAutoscaler'), 'spec.metrics').map((metric) =>
      at(metric, 'pods.metric.name'),
    );
    const rules = at<readonly Fields[]>(
      readYaml('monitoring/prometheus-adapter.values.yaml')[0],
      'rules.custom',
    );
    assert.deepEqual(
      rules.map((rule) => at(rule, 'name.as')),
      scaled,
      'the adapter has a rule for each',
    );
    for (const rule of rules) assert.ok(at(rule, 'seriesQuery').startsWith(`${at(rule, 'name.as')}{`));
    const { name, ...picked } = at<Readonly<Record<string, string>>>(
      plugin('core-metrics-extractor'),
      'engineConfigs.0',
    );
    assert.equal(at<Fields>(pod, 'metadata.labels')['llm-d.ai/engine-type'], name);
    assert.equal(plugin('core-metrics-extractor').defaultEngine, name);
    for (const metric of [...scaled, ...Object.values(picked)]) assert.ok(gauges.has(metric), metric);
  });

  it('configure an endpoint picker that scrapes the port without a key, for the pool that names it', () => {
    assert.equal(plugin('metrics-data-source').port, config.metricsPort);
    const { plugins, schedulingProfiles } = pickerConfig();
    const types = plugins.map(({ type }) => type);
    for (const { pluginRef } of schedulingProfiles.flatMap((profile) => profile.plugins))
      assert.ok(types.includes(pluginRef), pluginRef);
    assert.equal(at<boolean>(picker, 'router.inferencePool.create'), false, 'it is inferencepool.yaml');
    const service = /helm install (\S+) /.exec(readme)?.[1];
    assert.equal(at(only('InferencePool'), 'spec.endpointPickerRef.name'), `${service}-epp`);
  });
});

interface Operation {
  readonly get?: { readonly security?: unknown };
}

function openapi(): Readonly<Record<string, Operation>> {
  return at(JSON.parse(readFileSync('openapi/openapi.json', 'utf8')), 'paths');
}

/** The picker's own file, inside of the chart's values. */
function pickerConfig(): {
  readonly plugins: readonly { readonly type: string; readonly parameters?: Fields }[];
  readonly schedulingProfiles: readonly { readonly plugins: readonly { readonly pluginRef: string }[] }[];
} {
  const file = at(picker, 'router.epp.pluginsConfigFile');
  return parse(at<Readonly<Record<string, string>>>(picker, 'router.epp.pluginsCustomConfig')[file]!);
}

function plugin(type: string): Fields {
  return pickerConfig().plugins.find((it) => it.type === type)!.parameters!;
}
