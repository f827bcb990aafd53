// Waits as task authors write them: milliseconds, or text such as "90s", "1h30m", "2d".

import {
  NumberIntrinsic, RangeErrorIntrinsic, ceil, dateValue, isFinite, match, slice, toLowerCase, trim, DateIntrinsic,
} from './primordials.js';

const UNIT_MS = { __proto__: null, ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const DIGITS = /^\d+$/;
const PART = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/;

/** The furthest instant a Date can hold; a wait beyond it is a mistake. */
const MAX_MS = 8.64e15;

/** A duration in whole milliseconds. */
export function durationMs(duration, name) {
  const ms = typeof duration === 'string' ? parseDuration(duration) : duration;
  if (typeof ms === 'number' && ms >= 0 && ms <= MAX_MS) return ceil(ms);
  throw new RangeErrorIntrinsic(
    `${name}: expected milliseconds (0 or more) or a duration such as "90s", "1h30m" or "2d", got ${show(duration)}`,
  );
}

/** An instant (Date, ISO text or milliseconds) in whole milliseconds since 1970. */
export function instantMs(instant, name) {
  const ms = readInstant(instant);
  if (isFinite(ms) && ms >= -MAX_MS && ms <= MAX_MS) return ceil(ms);
  throw new RangeErrorIntrinsic(
    `${name}: expected a Date, a date string or milliseconds since 1970, got ${show(instant)}`,
  );
}

/** As the host reads them: a bare number is milliseconds. */
function parseDuration(text) {
  let rest = toLowerCase(trim(text));
  if (rest === '') return undefined;
  if (match(DIGITS, rest) !== null) return NumberIntrinsic(rest);
  let total = 0;
  while (rest !== '') {
    const part = match(PART, rest);
    if (part === null) return undefined;
    total += NumberIntrinsic(part[1]) * UNIT_MS[part[2]];
    rest = slice(rest, part[0].length);
  }
  return total;
}

function readInstant(instant) {
  if (typeof instant === 'number') return instant;
  if (typeof instant === 'string') return dateValue(new DateIntrinsic(instant));
  try {
    return dateValue(instant);
  } catch {
    return undefined;
  }
}

function show(value) {
  return typeof value === 'string' ? `"${value}"` : typeof value === 'object' ? 'an object' : `${typeof value} ${value?.toString()}`;
}
