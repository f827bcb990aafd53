// Log lines: to the host at once, without a call number.

import { StringIntrinsic, freeze, stringify } from './primordials.js';
import { hostLog } from './host.js';
import { format } from './format.js';

const LEVELS = { __proto__: null, trace: 'debug', debug: 'debug', log: 'info', info: 'info', warn: 'warn', warning: 'warn', error: 'error' };

/** Writes one line. `data` is kept as JSON when it can be, as text when it cannot. */
export function writeLog(level, message, data) {
  const text = stringify(typeof message === 'string' ? message : format(message));
  hostLog('["' + (LEVELS[level] ?? 'info') + '",' + text + ',' + dataJson(data) + ']');
}

function dataJson(data) {
  if (data === undefined) return 'null';
  try {
    return stringify(data) ?? stringify(format(data));
  } catch {
    return stringify(format(data));
  }
}

/** `tools.log(level, message, data)`; with one argument, the message at level info. */
export function log(level, message, data) {
  if (arguments.length < 2) writeLog('info', level);
  else writeLog(StringIntrinsic(level), message, data);
}
log.debug = (message, data) => writeLog('debug', message, data);
log.info = (message, data) => writeLog('info', message, data);
log.warn = (message, data) => writeLog('warn', message, data);
log.error = (message, data) => writeLog('error', message, data);
freeze(log);
