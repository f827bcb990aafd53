// Randomness: always the host's, drawn from the slice's recorded seed.

import { StringIntrinsic } from './primordials.js';
import { hostRandom, hostRandomHex } from './host.js';

/** Math.random. The host's function is wrapped, so that the task does not hold it. */
export function random() {
  return hostRandom();
}

export function randomHex(length) {
  return hostRandomHex(StringIntrinsic(length));
}
