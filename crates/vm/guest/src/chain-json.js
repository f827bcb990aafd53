// The arguments of a chain's step as JSON, with signs for what JSON cannot say.
//
// supabase-js tells `undefined` from null and writes NaN into filters, so both have to reach the host:
// `{"$js":"undefined"}`. Big integers go as text, as supabase-js sends them. A Date goes as ISO text.

import { StringIntrinsic, TypeErrorIntrinsic, isFinite, stringify } from './primordials.js';
import { toBase64, viewBytes } from './bytes.js';

/** The arguments of one step as a JSON array; trailing ones that are undefined are left out. */
export function writeStep(what, args) {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  let json = '';
  try {
    for (let i = 0; i < count; i++) {
      if (i > 0) json += ',';
      json += writeArgument(args[i]);
    }
  } catch (error) {
    throw new TypeErrorIntrinsic('the arguments of ' + what + ' cannot be written as JSON: ' + error?.message);
  }
  return '[' + json + ']';
}

function writeArgument(value) {
  const bytes = viewBytes(value);
  if (bytes !== undefined) return '{"base64":"' + toBase64(bytes) + '"}';
  return stringify(value, sayable) ?? 'null';
}

/** What stands for a value in JSON. A function, so that JSON.stringify calls it for every value within. */
function sayable(_, value) {
  if (value === undefined) return sign('undefined');
  if (typeof value === 'bigint') return StringIntrinsic(value);
  if (typeof value === 'number' && !isFinite(value)) return sign(StringIntrinsic(value));
  return value;
}

function sign(word) {
  return { __proto__: null, $js: word };
}
