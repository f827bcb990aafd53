// The guest's environment: everything a task finds in its global scope beyond the language itself.
//
// Evaluated once, when the engine is booted; the memory is then kept, so nothing here costs a run anything.
// It may not look at the clock or at randomness while it loads. Its default export is the set of host entry
// points, which task code can never reach.

import './encoding.js';
import './url.js';
import './clone.js';
import './events.js';
import { defineGlobal, defineHidden, defineProperty, freeze } from './primordials.js';
import { closeCallSites } from './stack.js';
import { call, callWritten, settle } from './calls.js';
import { makeChains } from './chain.js';
import { bind, makeStart, prepare } from './entry.js';
import { makeTools } from './tools.js';
import { durationMs, instantMs } from './duration.js';
import { Headers } from './headers.js';
import { Request, Response, fetch, httpFaces } from './http.js';
import { callHostTool } from './legacy.js';
import { log } from './log.js';
import { secret } from './secret.js';
import { console } from './console.js';
import { crypto } from './crypto.js';
import { random } from './random.js';
import { clearTimer, setInterval, setTimeout } from './timers.js';
import { ToolError } from './tool-error.js';

const sleep = (duration) => call('sleep', 'for', [durationMs(duration, 'tools.sleep')]);
const sleepUntil = (instant) => call('sleep', 'until', [instantMs(instant, 'tools.sleepUntil')]);

function waitForEvent(name, options) {
  if (options?.timeout === undefined) return call('events', 'wait', [name, options ?? {}]);
  return call('events', 'wait', [name, { ...options, timeout: durationMs(options.timeout, 'tools.events.wait timeout') }]);
}

const tools = makeTools({
  __proto__: null,
  ...httpFaces,
  log,
  secret: freeze(secret),
  sleep: freeze(sleep),
  sleepUntil: freeze(sleepUntil),
  'events.wait': freeze(waitForEvent),
  supabase: makeChains('supabase', callWritten),
});

closeCallSites();

// When memory is reclaimed must not be observable: it is no recorded input.
delete globalThis.WeakRef;
delete globalThis.FinalizationRegistry;

defineHidden(Math, 'random', random);
defineProperty(globalThis, 'tools', { __proto__: null, value: tools, configurable: true });
defineGlobal('__callHostTool__', callHostTool);
defineGlobal('console', console);
defineGlobal('crypto', crypto);
defineGlobal('fetch', fetch);
defineGlobal('Headers', Headers);
defineGlobal('Request', Request);
defineGlobal('Response', Response);
defineGlobal('setTimeout', setTimeout);
defineGlobal('setInterval', setInterval);
defineGlobal('clearTimeout', clearTimer);
defineGlobal('clearInterval', clearTimer);
defineGlobal('ToolError', ToolError);

export default freeze({ __proto__: null, prepare, bind, start: makeStart(tools), settle });
