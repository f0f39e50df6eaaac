import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { SETTINGS } from '../../src/config/settings.ts';

type Manifest = { readonly apiVersion: string; readonly kind: string; readonly [key: string]: unknown };

const read = (path: string) =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as Manifest);

/** The parts that the tests below look at. */
type Pod = {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
  readonly affinity?: unknown;
  readonly containers: readonly {
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    readonly securityContext: Readonly<Record<string, unknown>>;
  }[];
};
type StatefulSet = {
  readonly replicas: number;
  readonly template: { readonly spec: Pod };
  readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
};

/** A manifest as a value of its type, for the compiler: the types are made from the schemas, and know no other names. */
function sourceOf(manifests: readonly Manifest[]): string {
  return manifests
    .map((manifest, index) => {
      const type = `import('kubernetes-models/${manifest.apiVersion}').I${manifest.kind}`;
      return `export const m${index}: ${type} = ${JSON.stringify(manifest, null, 1)};`;
    })
    .join('\n');
}

/** What the compiler says against each source. */
function complaints(sources: readonly string[]): string[][] {
  const files = new Map(sources.map((source, index) => [resolve(`test/deploy/manifests-${index}.ts`), source]));
  const module = ts.ModuleKind.NodeNext;
  const options: ts.CompilerOptions = { module, strict: true, noEmit: true, skipLibCheck: true, types: [] };
  const host = ts.createCompilerHost(options);
  const real = { ...host };
  host.fileExists = (name) => files.has(name) || real.fileExists(name);
  host.readFile = (name) => files.get(name) ?? real.readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].map((name) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
  );
}

describe('the Kubernetes manifest', () => {
  const manifests = read('deploy/kubernetes.yaml');
  const [secret] = read('deploy/kubernetes-secret.example.yaml');
  const backups = read('deploy/kubernetes-backup.yaml');
  const set = manifests.find(({ kind }) => kind === 'StatefulSet')?.['spec'] as StatefulSet;
  const pod = set.template.spec;
  const [container] = pod.containers;

  it('follows the schemas, name by name', () => {
    // A Secret among them would put the capitals back with the next apply.
    expect(manifests.map(({ kind }) => kind)).toEqual(['Service', 'StatefulSet']);
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { name: pod.volumes[1]?.secret?.secretName } });
    expect(backups.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'CronJob']);
    const right = sourceOf([secret!, ...manifests, ...backups]);
    const wrong = right
      .replace('readinessProbe', 'readynessProbe')
      .replace('"replicas": 1', '"replicas": "1"')
      .replace('backoffLimit', 'backOffLimit');
    const [none, some] = complaints([right, wrong]);
    expect(none).toEqual([]);
    expect(some?.join()).toContain(`'"readynessProbe"' does not exist`);
    expect(some?.join()).toContain(`'"backOffLimit"' does not exist`);
    expect(some?.join()).toContain("Type 'string' is not assignable to type 'number'");
  }, 60_000);

  it('names only settings and volumes that exist', () => {
    const known = SETTINGS.map(({ env }) => env);
    expect(container?.env.filter(({ name }) => !known.includes(name))).toEqual([]);
    const volumes = [...pod.volumes, ...set.volumeClaimTemplates.map(({ metadata }) => metadata)].map(
      ({ name }) => name,
    );
    expect(container?.volumeMounts.map(({ name }) => name).sort()).toEqual(volumes.sort());
    const keys = Object.keys(secret?.['stringData'] as Readonly<Record<string, string>>);
    const files = container?.env.map(({ value }) => value.replace('/run/secrets/ledger/', ''));
    expect(files).toEqual(keys);
  });

  it('runs one replica, confined as the image is made to be', () => {
    expect(set.replicas).toBe(1);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('makes its copies beside the daemon, out of its volume, confined likewise', () => {
    const [claim, job] = backups;
    const { template } = (job?.['spec'] as { jobTemplate: { spec: { template: { spec: Pod } } } }).jobTemplate.spec;
    const { containers, volumes, securityContext, affinity } = template.spec;
    expect(containers[0]?.securityContext).toEqual(container?.securityContext);
    expect(securityContext).toEqual(pod.securityContext);
    expect(containers[0]?.volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
    const data = `${set.volumeClaimTemplates[0]?.metadata.name ?? ''}-${(manifests[1]?.['metadata'] as { name: string }).name}-0`;
    const own = (claim?.['metadata'] as { name: string }).name;
    expect(volumes.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName)).toEqual([data, own]);
    const labels = (set.template as unknown as { metadata: { labels: unknown } }).metadata.labels;
    expect(JSON.stringify(affinity)).toContain(`"matchLabels":${JSON.stringify(labels)}`);
    expect((containers[0] as unknown as { image: string }).image).toBe(
      (container as unknown as { image: string }).image,
    );
  });
});
