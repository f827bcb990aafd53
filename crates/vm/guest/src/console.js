// `console`: every level goes to the run's log.

import { writeLog } from './log.js';
import { formatAll } from './format.js';
import { authorFrames } from './stack.js';

const print = (level) => (...values) => writeLog(level, formatAll(values));

export const console = {
  log: print('log'),
  info: print('info'),
  warn: print('warn'),
  error: print('error'),
  debug: print('debug'),
  trace(...values) {
    writeLog('trace', `Trace: ${formatAll(values)}\n${authorStack()}`);
  },
  dir: (value) => writeLog('log', formatAll([value])),
  assert(condition, ...values) {
    if (!condition) writeLog('error', `Assertion failed: ${formatAll(values)}`);
  },
};

function authorStack() {
  return authorFrames(new Error().stack).trimEnd();
}
