/**
 * What may stand in the manifests of gateways, of which no package for Node 20 has schemas: written from their definitions,
 * with the parts that this project uses. Fields that are left out here are refused.
 */
import Type, { type TProperties } from 'typebox';

const closed = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const LABEL = '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$';
const Port = Type.Integer({ minimum: 1, maximum: 65535 });
const Labels = Type.Record(Type.String(), Type.String({ maxLength: 63, pattern: LABEL }), {
  minProperties: 1,
  maxProperties: 64,
});
const Name = Type.String({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' });
const Group = Type.String({ maxLength: 253, pattern: '^$|^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' });
const Kind = Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' });
const Metadata = closed({ name: Name, labels: Type.Optional(Labels) });
const PortNumber = closed({ number: Port });

/**
 * Gateway API inference extension v1.6.0, config/crd/bases/inference.networking.k8s.io_inferencepools.yaml. Its rule that a
 * Service needs a port is kept by requiring one.
 */
export const InferencePool = closed({
  apiVersion: Type.Literal('inference.networking.k8s.io/v1'),
  kind: Type.Literal('InferencePool'),
  metadata: Metadata,
  spec: closed({
    selector: closed({ matchLabels: Labels }),
    targetPorts: Type.Array(PortNumber, { minItems: 1, maxItems: 8 }),
    appProtocol: Type.Optional(Type.Enum(['http', 'kubernetes.io/h2c'])),
    endpointPickerRef: closed({
      group: Type.Optional(Group),
      kind: Type.Optional(Kind),
      name: Name,
      port: PortNumber,
      failureMode: Type.Optional(Type.Enum(['FailOpen', 'FailClose'])),
    }),
  }),
});

const Duration = Type.String({ pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' });

/** Gateway API v1.6.1, config/crd/standard/gateway.networking.k8s.io_httproutes.yaml; without filters and headers. */
export const HTTPRoute = closed({
  apiVersion: Type.Literal('gateway.networking.k8s.io/v1'),
  kind: Type.Literal('HTTPRoute'),
  metadata: Metadata,
  spec: closed({
    parentRefs: Type.Array(
      closed({
        group: Type.Optional(Group),
        kind: Type.Optional(Kind),
        name: Name,
        namespace: Type.Optional(Name),
        sectionName: Type.Optional(Name),
      }),
      { minItems: 1, maxItems: 32 },
    ),
    hostnames: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { maxItems: 16 })),
    rules: Type.Array(
      closed({
        matches: Type.Array(
          closed({
            path: closed({
              type: Type.Enum(['Exact', 'PathPrefix', 'RegularExpression']),
              value: Type.String({ maxLength: 1024, pattern: '^/' }),
            }),
          }),
          { minItems: 1, maxItems: 64 },
        ),
        backendRefs: Type.Array(
          closed({
            group: Type.Optional(Group),
            kind: Type.Optional(Kind),
            name: Name,
            port: Type.Optional(Port),
            weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
          }),
          { minItems: 1, maxItems: 16 },
        ),
        timeouts: Type.Optional(
          closed({ request: Type.Optional(Duration), backendRequest: Type.Optional(Duration) }),
        ),
      }),
      { minItems: 1, maxItems: 16 },
    ),
  }),
});
