// What a task threw, as JSON for the host.

import { ErrorIntrinsic, define, objectKeys, stringify } from './primordials.js';
import { authorFrames } from './stack.js';
import { format } from './format.js';

/** How many causes of causes are told. */
const MAX_CAUSES = 3;

/** JSON of anything thrown. Reading it may run the task's own getters, so nothing here may fail. */
export function describeError(thrown) {
  try {
    return stringify(describe(thrown, MAX_CAUSES));
  } catch {
    return '{"name":"Error","message":"the task failed with an error that cannot be read"}';
  }
}

function describe(thrown, causes) {
  if (!(thrown instanceof ErrorIntrinsic)) return { __proto__: null, name: 'Error', message: 'the task threw ' + format(thrown) };
  const description = {
    __proto__: null,
    name: '' + thrown.name,
    message: '' + thrown.message,
    stack: authorFrames('' + (thrown.stack ?? '')),
  };
  addFields(description, thrown);
  if (thrown.cause !== undefined && causes > 0) define(description, 'cause', describe(thrown.cause, causes - 1), true);
  return description;
}

/** The error's own fields (code, attempts, details …), those that JSON can take. */
function addFields(description, error) {
  const fields = objectKeys(error);
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (!(field in description) && isWritable(error[field])) define(description, field, error[field], true);
  }
}

function isWritable(value) {
  try {
    return stringify(value) !== undefined;
  } catch {
    return false;
  }
}
