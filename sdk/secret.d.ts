// `tools.secret(name)`: a reference to a secret.

declare const secretName: unique symbol;

/**
 * An opaque reference. The value never enters the task: it is put in when a request leaves for a host the
 * secret is bound to. Use it as a header's value, in a template string, or within a JSON body:
 *
 * ```ts
 * await tools.http.get(url, { headers: { authorization: `Bearer ${tools.secret('BILLING_TOKEN')}` } });
 * ```
 */
export interface Secret {
  readonly [secretName]: true;
  /** The text that stands for the value: `{{secret:NAME}}`. */
  toString(): string;
  toJSON(): { $secret: string };
}
