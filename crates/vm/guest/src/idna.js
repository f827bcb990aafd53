// Internationalised host names, for the URL library: a stand-in for its own dependency, whose mapping tables
// would be most of every task's memory. The engine's Unicode does the mapping (normalisation and lower case).

import punycode from 'punycode/';

/** What no host name may have a label begin with, or contain, once mapped. */
const FORBIDDEN = /^\p{M}|[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Z}]/u;
/** Characters that mapping removes: soft hyphen, joiners, variation selectors. */
const IGNORED = /[\u00ad\u034f\u200b\u2060\ufeff\ufe00-\ufe0f]/g;

/** The ASCII form of a host name, or null if it has none. */
export function toASCII(domain) {
  try {
    return mapped(domain).split('.').map(labelToAscii).join('.');
  } catch {
    return null;
  }
}

/** The readable form of a host name. */
export function toUnicode(domain) {
  return { domain: mapped(domain).split('.').map(labelToUnicode).join('.'), error: false };
}

function mapped(domain) {
  return domain.replace(IGNORED, '').normalize('NFKC').toLowerCase().normalize('NFKC').replace(/\u3002/g, '.');
}

function labelToAscii(label) {
  const unicode = labelToUnicode(label);
  if (FORBIDDEN.test(unicode)) throw new RangeError('not a host name');
  return punycode.toASCII(unicode);
}

function labelToUnicode(label) {
  if (!label.startsWith('xn--')) return label;
  const unicode = punycode.decode(label.slice(4));
  // A label that is ASCII, or not in mapped form, has no business being encoded.
  if (!/[^\x00-\x7f]/.test(unicode) || unicode !== mapped(unicode)) throw new RangeError('not a host name');
  return unicode;
}
