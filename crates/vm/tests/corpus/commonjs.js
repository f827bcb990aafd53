// The CommonJS shape, with a config and a helper that keeps state in module scope.
const state = { calls: 0 };
async function helper(tools) { state.calls += 1; return tools.echo.value(state.calls); }
module.exports = async function (input, { tools }) {
  const values = [];
  for (let i = 0; i < 5; i++) values.push(await helper(tools));
  return { values, sum: values.reduce((a, b) => a + b), id: currentTaskRunId };
};
module.exports.config = { name: 'commonjs' };
