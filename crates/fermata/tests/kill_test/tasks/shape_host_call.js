/** The oldest shape: host calls by service, path and arguments. */
module.exports = async function (input) {
  let product = 1;
  for (let left = input.from; left > 0; left--) {
    await __callHostTool__('sleep', ['for'], [1]);
    product *= left;
  }
  return { product: `${product}` };
};
