// Values as text, for log lines: what console.log prints.

import { authorFrames } from './stack.js';
import { isSecret } from './secret.js';
import { toolLabel } from './tools.js';

/** A line is cut here; a log is for reading. */
const MAX_CHARACTERS = 8000;
const MAX_DEPTH = 4;
const MAX_ITEMS = 100;
const MAX_ONE_LINE = 76;

/** `console.log`'s text for its arguments. Never fails, whatever the values do when they are read. */
export function formatAll(values) {
  try {
    return cut(typeof values[0] === 'string' ? substitute(values) : spaced(values, 0, ''));
  } catch {
    return '[a value that cannot be printed]';
  }
}

/** One value as text. */
export function format(value) {
  return formatAll([value]);
}

function cut(text) {
  if (text.length <= MAX_CHARACTERS) return text;
  return `${text.slice(0, MAX_CHARACTERS)}… (${text.length - MAX_CHARACTERS} more characters)`;
}

function spaced(values, from, text) {
  for (let i = from; i < values.length; i++) {
    if (i > 0) text += ' ';
    text += typeof values[i] === 'string' ? values[i] : inspect(values[i], 0, []);
  }
  return text;
}

/** Fills %s, %d, %i, %f, %j, %o, %O, %c and %% of the first value with those that follow. */
function substitute(values) {
  let next = 1;
  const text = values[0].replace(/%[sdifjoOc%]/g, (directive) => {
    if (directive === '%%') return values.length > 1 ? '%' : '%%';
    if (next >= values.length) return directive;
    return fill(directive, values[next++]);
  });
  return spaced(values, next, text);
}

function fill(directive, value) {
  switch (directive) {
    case '%s': return typeof value === 'string' ? value : inspect(value, 0, []);
    case '%d': return typeof value === 'bigint' ? `${value}n` : String(typeof value === 'object' ? NaN : Number(value));
    case '%i': return typeof value === 'bigint' ? `${value}n` : String(parseInt(value, 10));
    case '%f': return String(parseFloat(value));
    case '%j': return JSON.stringify(value) ?? 'undefined';
    case '%c': return '';
    default: return inspect(value, 0, []);
  }
}

/** `parents` are the objects we are inside of, to notice cycles. */
function inspect(value, depth, parents) {
  switch (typeof value) {
    case 'string': return quote(value);
    case 'bigint': return `${value}n`;
    case 'symbol': return value.toString();
    case 'number': return Object.is(value, -0) ? '-0' : String(value);
    case 'function': return inspectFunction(value);
    case 'object': return value === null ? 'null' : inspectObject(value, depth, parents);
    default: return String(value);
  }
}

function quote(text) {
  if (!text.includes("'")) return `'${text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}'`;
  return JSON.stringify(text);
}

function inspectFunction(value) {
  const label = toolLabel(value);
  if (label !== undefined) return `[${label}]`;
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'Function';
  return value.name ? `[${kind}: ${value.name}]` : `[${kind}]`;
}

function inspectObject(value, depth, parents) {
  if (parents.includes(value)) return '[Circular]';
  if (value instanceof Error) return inspectError(value, depth, parents);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (isSecret(value)) return String(value);
  if (depth > MAX_DEPTH) return Array.isArray(value) ? '[Array]' : `[${className(value) || 'Object'}]`;
  const inside = [...parents, value];
  const show = (child) => inspect(child, depth + 1, inside);
  if (Array.isArray(value)) return inspectList('', '[', value, show, ']', depth);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return inspectList(`${className(value)}(${value.length}) `, '[', value, show, ']', depth);
  }
  if (value instanceof ArrayBuffer) return `ArrayBuffer { byteLength: ${value.byteLength} }`;
  if (value instanceof Map) return inspectMap(value, show, depth);
  if (value instanceof Set) return inspectList(`Set(${value.size}) `, '{', [...value], show, '}', depth);
  if (value instanceof Promise) return 'Promise {}';
  if (typeof URL === 'function' && value instanceof URL) return value.href;
  return inspectPlain(value, show, depth);
}

function className(value) {
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return name === 'Object' || typeof name !== 'string' ? '' : name;
}

function inspectError(error, depth, parents) {
  const inside = [...parents, error];
  let text = `${error.name}: ${error.message}`;
  const stack = authorFrames(`${error.stack ?? ''}`).trimEnd();
  if (stack) text += `\n${stack}`;
  const fields = Object.keys(error).filter((key) => error[key] !== undefined);
  if (fields.length && depth <= MAX_DEPTH) {
    const parts = fields.map((key) => `${key}: ${inspect(error[key], depth + 1, inside)}`);
    text += ` ${layOut('', '{', parts, '}', depth)}`;
  }
  if (error.cause !== undefined) text += `\n  [cause]: ${inspect(error.cause, depth + 1, inside)}`;
  return text;
}

function inspectList(prefix, open, list, show, close, depth) {
  const parts = [];
  for (let i = 0; i < list.length && i < MAX_ITEMS; i++) parts.push(i in list ? show(list[i]) : '<empty>');
  if (list.length > MAX_ITEMS) parts.push(`… ${list.length - MAX_ITEMS} more`);
  return layOut(prefix, open, parts, close, depth);
}

function inspectMap(map, show, depth) {
  const parts = [];
  for (const [key, value] of map) {
    if (parts.length === MAX_ITEMS) {
      parts.push(`… ${map.size - MAX_ITEMS} more`);
      break;
    }
    parts.push(`${show(key)} => ${show(value)}`);
  }
  return layOut(`Map(${map.size}) `, '{', parts, '}', depth);
}

function inspectPlain(value, show, depth) {
  const keys = Object.keys(value);
  const parts = keys.slice(0, MAX_ITEMS).map((key) => `${propertyName(key)}: ${showProperty(value, key, show)}`);
  if (keys.length > MAX_ITEMS) parts.push(`… ${keys.length - MAX_ITEMS} more`);
  const prefix = Object.getPrototypeOf(value) === null ? '[Object: null prototype] ' : className(value) && `${className(value)} `;
  return layOut(prefix, '{', parts, '}', depth);
}

function propertyName(key) {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}

/** A getter is named, not run: printing should not do anything. */
function showProperty(value, key, show) {
  const property = Object.getOwnPropertyDescriptor(value, key);
  if (property?.get) return property.set ? '[Getter/Setter]' : '[Getter]';
  return show(value[key]);
}

function layOut(prefix, open, parts, close, depth) {
  if (parts.length === 0) return `${prefix}${open}${close}`;
  const line = parts.join(', ');
  if (line.length <= MAX_ONE_LINE && !line.includes('\n')) return `${prefix}${open} ${line} ${close}`;
  const indent = '  '.repeat(depth + 1);
  return `${prefix}${open}\n${indent}${parts.join(`,\n${indent}`)}\n${'  '.repeat(depth)}${close}`;
}
