// `tools.keystore`: values that outlive a run.

import type { Secret } from './secret';

/**
 * The workspace's key-value store. A *value* can be read by a task that was granted it; of a *secret* a task only
 * ever holds a reference.
 */
export interface KeystoreTools {
  /** The value, or null if there is none. */
  get<Value = unknown>(key: string): Promise<Value | null>;
  /** Sets a value, which must be something JSON can hold. */
  set(key: string, value: unknown): Promise<void>;
  /** The keys that begin with `prefix`, or all of them. */
  list(prefix?: string): Promise<string[]>;
  has(key: string): Promise<boolean>;
  /** Deletes a value; true if there was one. */
  delete(key: string): Promise<boolean>;

  /** @deprecated The older name of `get`, with a namespace. */
  getKey(namespace: string, key: string): Promise<unknown>;
  /** @deprecated The older name of `set`, with a namespace. */
  setKey(namespace: string, key: string, value: unknown): Promise<unknown>;
  /** @deprecated The older name of `list`, with a namespace. */
  listKeys(namespace: string): Promise<string[]>;
  /** @deprecated The older name of `has`, with a namespace. */
  hasKey(namespace: string, key: string): Promise<boolean>;
  /** @deprecated The namespaces that hold keys set by the older names. */
  listNamespaces(): Promise<string[]>;
  /** @deprecated Use `Date.now()`. */
  getServerTime(): Promise<unknown>;
}
