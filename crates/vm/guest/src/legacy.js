// The older shape of a host call: one global that takes service, path and arguments.

import { StringIntrinsic, TypeErrorIntrinsic, isArray, join } from './primordials.js';
import { call } from './calls.js';
import { serviceName } from './tools.js';

/** `__callHostTool__('openai', ['chat', 'completions', 'create'], [request])`, or `('keystore', 'getKey', payload)`. */
export function callHostTool(service, path, args) {
  const method = isArray(path) ? join(path, '.') : StringIntrinsic(path);
  if (service === '' || method === '') throw new TypeErrorIntrinsic('__callHostTool__: expected a service and a method');
  return call(serviceName(StringIntrinsic(service)), method, argumentList(args, arguments.length));
}

function argumentList(args, given) {
  if (isArray(args)) return args;
  return given < 3 ? [] : [args];
}
