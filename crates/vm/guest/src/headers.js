// Headers: names without case, several values of one name joined by commas.

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export class Headers {
  #values = new Map();

  constructor(init) {
    if (init === undefined || init === null) return;
    const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  append(name, value) {
    const known = this.get(name);
    this.#values.set(headerName(name), known === null ? headerValue(value) : `${known}, ${headerValue(value)}`);
  }

  set(name, value) {
    this.#values.set(headerName(name), headerValue(value));
  }

  get(name) {
    return this.#values.get(headerName(name)) ?? null;
  }

  has(name) {
    return this.#values.has(headerName(name));
  }

  delete(name) {
    this.#values.delete(headerName(name));
  }

  /** Set-Cookie is the one header whose values contain commas; each begins with `name=`. */
  getSetCookie() {
    const joined = this.get('set-cookie');
    return joined === null ? [] : joined.split(/,\s*(?=[^;,\s]+=)/);
  }

  forEach(callback, self) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (const name of [...this.#values.keys()].sort()) yield [name, this.#values.get(name)];
  }

  *keys() {
    for (const [name] of this.entries()) yield name;
  }

  *values() {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return 'Headers';
  }
}

function headerName(name) {
  const text = String(name);
  if (!NAME.test(text)) throw new TypeError(`"${text}" is not a header name`);
  return text.toLowerCase();
}

function headerValue(value) {
  const text = String(value).trim();
  if (/[\r\n\0]/.test(text)) throw new TypeError('a header value cannot contain line breaks');
  return text;
}
