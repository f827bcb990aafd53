// `crypto`: random values, digests and HMAC. The digests are @noble/hashes.

import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { dataBytes, toBase64, toHex } from './bytes.js';
import { fromHex } from '@exodus/bytes/hex.js';
import { randomHex } from './random.js';

const HASHES = { __proto__: null, 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 };
/** What the standard allows in one call of getRandomValues. */
const MAX_RANDOM_BYTES = 65536;

/** Takes "SHA-256", "sha256" or `{ name: 'SHA-256' }`. */
function hashName(algorithm) {
  const given = String(typeof algorithm === 'object' ? algorithm?.name : algorithm);
  const name = given.toUpperCase().replace(/^SHA-?/, 'SHA-');
  if (name in HASHES) return name;
  throw new DOMException(`unknown digest "${given}"; use ${Object.keys(HASHES).join(', ')}`, 'NotSupportedError');
}

function encode(bytes, encoding) {
  if (encoding === undefined) return bytes;
  if (encoding === 'hex') return toHex(bytes);
  if (encoding === 'base64') return toBase64(bytes);
  throw new TypeError(`unknown encoding "${encoding}"; use "hex" or "base64"`);
}

function hash(algorithm, data, encoding) {
  return encode(HASHES[hashName(algorithm)](dataBytes(data, 'crypto.hash')), encoding);
}

function computeHmac(algorithm, key, data, encoding) {
  const hashFunction = HASHES[hashName(algorithm)];
  return encode(hmac(hashFunction, dataBytes(key, 'crypto.hmac key'), dataBytes(data, 'crypto.hmac')), encoding);
}

function getRandomValues(array) {
  if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array) {
    throw new DOMException('getRandomValues: expected an integer typed array', 'TypeMismatchError');
  }
  if (array.byteLength > MAX_RANDOM_BYTES) {
    throw new DOMException(`getRandomValues: at most ${MAX_RANDOM_BYTES} bytes at a time`, 'QuotaExceededError');
  }
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(fromHex(randomHex(array.byteLength)));
  return array;
}

/** A version 4 UUID: random but for six bits. */
function randomUUID() {
  const hex = randomHex(16);
  const variant = '89ab'[parseInt(hex[16], 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

class CryptoKey {
  #bytes;
  type = 'secret';

  constructor(bytes, algorithm, extractable, usages) {
    this.#bytes = bytes;
    this.algorithm = algorithm;
    this.extractable = extractable;
    this.usages = usages;
    Object.freeze(this);
  }

  static bytes(key, usage) {
    if (!key.usages.includes(usage)) throw new DOMException(`the key may not be used to ${usage}`, 'InvalidAccessError');
    return key.#bytes;
  }
}
const keyBytes = CryptoKey.bytes;
delete CryptoKey.bytes;

// Asynchronous by standard, not by need: the work is done before the promise is returned.
const subtle = {
  async digest(algorithm, data) {
    return hash(algorithm, data).slice().buffer;
  },

  async importKey(format, data, algorithm, extractable, usages) {
    const name = typeof algorithm === 'string' ? algorithm : algorithm?.name;
    if (format !== 'raw' || String(name).toUpperCase() !== 'HMAC') {
      throw new DOMException('importKey: only raw HMAC keys are supported', 'NotSupportedError');
    }
    const bytes = dataBytes(data, 'importKey').slice();
    const hmacAlgorithm = { name: 'HMAC', hash: { name: hashName(algorithm.hash) }, length: bytes.length * 8 };
    return new CryptoKey(bytes, Object.freeze(hmacAlgorithm), Boolean(extractable), Object.freeze([...usages]));
  },

  async sign(_algorithm, key, data) {
    return computeHmac(key.algorithm.hash, keyBytes(key, 'sign'), data).slice().buffer;
  },

  async verify(_algorithm, key, signature, data) {
    return sameBytes(computeHmac(key.algorithm.hash, keyBytes(key, 'verify'), data), dataBytes(signature, 'verify'));
  },
};

/** Compares in a time that does not tell where they differ. */
function sameBytes(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

export const crypto = { getRandomValues, randomUUID, subtle, hash, hmac: computeHmac };
