// ToolError: what a failed call throws in the task.

import { ErrorIntrinsic, define, defineHidden, objectKeys } from './primordials.js';
import { authorCallSite } from './stack.js';

export class ToolError extends ErrorIntrinsic {
  get [Symbol.toStringTag]() {
    return 'Error';
  }
}
defineHidden(ToolError.prototype, 'name', 'ToolError');

/** These come from the call itself, or would hide where the author made it. */
const NOT_FROM_FAILURE = { __proto__: null, name: true, message: true, stack: true };

/** The error of a failed call: the failure the host reported, at the place where the author made the call. */
export function toolError(failure, service, method, stack) {
  const reported = failure ?? { __proto__: null, message: 'the call failed' };
  const error = new ToolError(reported.message);
  if (typeof reported.name === 'string') defineHidden(error, 'name', reported.name);
  defineHidden(error, 'stack', authorCallSite(stack));
  define(error, 'service', service, true);
  define(error, 'method', method, true);
  const fields = objectKeys(reported);
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (!(field in NOT_FROM_FAILURE)) define(error, field, reported[field], true);
  }
  return error;
}
