// References to secrets. The value never enters the VM; the egress gate puts it in on the way out.

import { TypeErrorIntrinsic, defineHidden, freeze, privateWeakMap } from './primordials.js';

const references = privateWeakMap();

/** An opaque reference to the secret `name`: in a header or a URL it reads `{{secret:NAME}}`. */
export function secret(name) {
  if (typeof name !== 'string' || name === '') throw new TypeErrorIntrinsic('tools.secret: expected the name of a secret');
  const reference = {};
  defineHidden(reference, 'toJSON', () => ({ $secret: name }));
  defineHidden(reference, 'toString', () => `{{secret:${name}}}`);
  references.set(reference, name);
  return freeze(reference);
}

export function isSecret(value) {
  return references.has(value);
}
