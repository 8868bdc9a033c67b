/** What a key may do: `admin` may do everything, `write` also what `infer` may. */
export const SCOPES = ['infer', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Principal {
  /** Name of its API key; null: the service has no keys, or the operation needs none. */
  readonly name: string | null;
  readonly scopes: readonly Scope[];
  /** Its key is limited to some tasks, and to the files that it uploaded itself. */
  readonly isLimited: boolean;
  /** Whether this task exists for it, or the base model by its id. */
  allowsTask(name: string): boolean;
}

/** Everybody, while the service has no keys. */
export const ANYONE: Principal = {
  name: null,
  scopes: ['admin'],
  isLimited: false,
  allowsTask: () => true,
};

/** Who asks for what needs no key, while the service has keys. */
export const NOBODY: Principal = { name: null, scopes: [], isLimited: true, allowsTask: () => false };

export function hasScope({ scopes }: Principal, scope: Scope): boolean {
  return scopes.some((own) => own === 'admin' || own === scope || (own === 'write' && scope === 'infer'));
}

/** The API keys of the service. */
export interface KeyRing {
  /** The principal of a secret, or null. Takes the same time for every secret. */
  find(secret: string): Principal | null;
}

/** Who changed something, for the audit trail. */
export interface Actor {
  /** Name of the API key; null: a service without keys, or the service itself. */
  readonly key: string | null;
  /** The request in which it was asked for; null: the service itself. */
  readonly requestId: string | null;
}

/** The service itself: the example tasks of its first start. */
export const SERVICE: Actor = { key: null, requestId: null };
