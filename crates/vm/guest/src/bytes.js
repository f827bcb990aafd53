// Bytes and text, for bodies and digests.

import { fromBase64, toBase64 } from '@exodus/bytes/base64.js';
import { toHex } from '@exodus/bytes/hex.js';

export { fromBase64, toBase64, toHex };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const utf8 = (text) => encoder.encode(text);
export const text = (bytes) => decoder.decode(bytes);

/** The bytes of an ArrayBuffer or of a view on one; undefined for anything else. */
export function viewBytes(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

/** Bytes of text or binary data. */
export function dataBytes(value, what) {
  const bytes = typeof value === 'string' ? utf8(value) : viewBytes(value);
  if (bytes === undefined) throw new TypeError(`${what}: expected a string, an ArrayBuffer or a typed array`);
  return bytes;
}
