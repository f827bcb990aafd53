/** One part of a fan-out: some take a moment, some fail. */
export default async function ({ number, fails }, tools) {
  if (number % 4 === 1) await tools.sleep(1 + (number % 9));
  if (fails) throw new RangeError(`part ${number} fails`);
  return number * number;
}
