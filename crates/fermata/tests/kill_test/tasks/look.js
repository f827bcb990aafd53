/** Reads the keystore. */
export default (names, tools) => Promise.all(names.map((name) => tools.keystore.get(name)));
