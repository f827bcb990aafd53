// setTimeout and setInterval as durable timers: a timer is a pending call that the host settles when it is due.

import { NumberIntrinsic, TypeErrorIntrinsic, apply } from './primordials.js';
import { cancel, open } from './calls.js';
import { writeLog } from './log.js';
import { format } from './format.js';

/** Timers by id: the number of the call each is waiting for. */
const waiting = { __proto__: null };
let lastId = 0;

export function setTimeout(callback, delay, ...args) {
  return startTimer(callback, delay, args, false);
}

export function setInterval(callback, delay, ...args) {
  return startTimer(callback, delay, args, true);
}

export function clearTimer(id) {
  const number = waiting[NumberIntrinsic(id)];
  if (number === undefined) return;
  delete waiting[NumberIntrinsic(id)];
  cancel(number);
}

function startTimer(callback, delay, args, repeats) {
  if (typeof callback !== 'function') throw new TypeErrorIntrinsic('a timer needs a function to call');
  const ms = delayMs(delay);
  const id = lastId + 1;
  arm(id, ms, callback, args, repeats);
  lastId = id;
  return id;
}

function arm(id, ms, callback, args, repeats) {
  const due = () => {
    delete waiting[id];
    // Before the callback, so that the callback can clear it.
    if (repeats) arm(id, ms, callback, args, repeats);
    fire(callback, args);
  };
  const failed = (error) => {
    delete waiting[id];
    writeLog('warn', 'a timer was dropped: ' + error.message);
  };
  waiting[id] = open('sleep', 'timer', [ms], due, failed);
}

function fire(callback, args) {
  try {
    apply(callback, undefined, args);
  } catch (error) {
    writeLog('error', "a timer's callback failed: " + format(error));
  }
}

/** As browsers do: anything that is no positive number is "at once". */
function delayMs(delay) {
  const ms = NumberIntrinsic(delay);
  return ms > 0 && ms <= 8.64e15 ? ms : 0;
}
