/** The shape of CommonJS, with the tools in an object. */
module.exports = async function (input, { tools }) {
  let product = 1;
  for (let left = input.from; left > 0; left--) {
    await tools.sleep(1);
    product *= left;
  }
  return { product: `${product}` };
};
