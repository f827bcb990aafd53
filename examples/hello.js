// fermata run examples/hello.js --input '{ "name": "Ada" }'

/**
 * Greets somebody.
 *
 * @param {object} input
 * @param {string} [input.name="world"] Whom to greet.
 * @returns {Promise<{ greeting: string }>} The greeting.
 */
export async function runTask(input) {
  const name = input?.name ?? 'world';
  console.log('greeting %s', name);
  return { greeting: `Hello, ${name}!` };
}
