// The language's own functions, captured before any task code runs.
//
// Task code may replace JSON.parse, Promise.prototype.then, Array.prototype and the rest. That may harm the
// task; it must never reach the bridge to the host. So the bridge (host.js, calls.js, entry.js …) uses only
// what is captured here, and neither spreads nor iterates. Nor does it use template literals: the engine
// makes them with String.prototype.concat.

const { bind, call } = Function.prototype;

/** `method` of some prototype as a function that takes `this` as its first argument. */
export const uncurryThis = bind.bind(call);

export const { apply } = Reflect;
export const { parse, stringify } = JSON;
export const { freeze, defineProperty, keys: objectKeys } = Object;
export const { isArray } = Array;
export const { isFinite } = Number;
export const PromiseIntrinsic = Promise;
export const ErrorIntrinsic = Error;
export const TypeErrorIntrinsic = TypeError;
export const RangeErrorIntrinsic = RangeError;
export const StringIntrinsic = String;
export const NumberIntrinsic = Number;
export const ProxyIntrinsic = Proxy;
export const DateIntrinsic = Date;
export const { captureStackTrace } = Error;
export const { ceil } = Math;

export const slice = uncurryThis(String.prototype.slice);
export const indexOf = uncurryThis(String.prototype.indexOf);
export const toLowerCase = uncurryThis(String.prototype.toLowerCase);
export const trim = uncurryThis(String.prototype.trim);
export const join = uncurryThis(Array.prototype.join);
export const match = uncurryThis(RegExp.prototype.exec);
export const dateValue = uncurryThis(Date.prototype.getTime);

/** A WeakMap whose methods are its own, so that a patched WeakMap.prototype does not reach it. */
export function privateWeakMap() {
  const { get, set, has } = WeakMap.prototype;
  const map = new WeakMap();
  defineHidden(map, 'get', get);
  defineHidden(map, 'set', set);
  defineHidden(map, 'has', has);
  return map;
}

/** A promise that is rejected already; Promise.reject may have been replaced. */
export function rejected(error) {
  return new PromiseIntrinsic((_, reject) => reject(error));
}

/** Defines a property without meeting setters or descriptor fields that task code may have planted. */
export function define(object, key, value, enumerable) {
  defineProperty(object, key, { __proto__: null, value, enumerable, writable: true, configurable: true });
}

export function defineHidden(object, key, value) {
  define(object, key, value, false);
}

/** Installs a global the way the language's own are: hidden from enumeration, replaceable by the task. */
export function defineGlobal(name, value) {
  defineHidden(globalThis, name, value);
}
