// The host's side of the bridge: takes the functions the host defined as globals and removes them from view.

function take(name) {
  const host = globalThis[name];
  if (typeof host !== 'function') throw new TypeError(`the host has not defined ${name}`);
  delete globalThis[name];
  return host;
}

export const hostCall = take('__host_call');
export const hostCancel = take('__host_cancel');
export const hostLog = take('__host_log');
export const hostRandom = take('__host_random');
export const hostRandomHex = take('__host_random_hex');
export const hostFinish = take('__host_finish');
