// Error stacks as the task's author should see them: without the prelude's own frames.

import { ErrorIntrinsic, defineProperty, indexOf, slice } from './primordials.js';

/** The file name under which the host evaluates the prelude. */
const PRELUDE_FILE = 'fermata:prelude';

/** `stack` without the lines that lie in the prelude. */
export function authorFrames(stack) {
  return keepLines(stack, false);
}

/** `stack` of a call into the prelude, from the author's line on. */
export function authorCallSite(stack) {
  return keepLines(stack, true);
}

/** Drops the prelude's lines, and before the first line of the author's the engine's too, if told to. */
function keepLines(stack, skipEngine) {
  let kept = '';
  let start = 0;
  while (start < stack.length) {
    const newline = indexOf(stack, '\n', start);
    const end = newline < 0 ? stack.length : newline + 1;
    const line = slice(stack, start, end);
    const ours = indexOf(line, PRELUDE_FILE) >= 0 || (skipEngine && kept === '' && indexOf(line, '(native)') >= 0);
    if (!ours) kept += line;
    start = end;
  }
  return kept;
}

/**
 * Closes `Error.prepareStackTrace`. The engine would hand it call sites, and a call site gives out the
 * function of its frame: the host entry points among them.
 */
export function closeCallSites() {
  defineProperty(ErrorIntrinsic, 'prepareStackTrace', { __proto__: null, value: undefined });
}
