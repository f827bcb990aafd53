// The older host-call global with service, path and arguments.
module.exports = async function (input) {
  const first = await __callHostTool__('echo', ['a', 'b'], [{ x: 1 }]);
  const second = await __callHostTool__('echo', 'say', ['hello']);
  const third = await __callHostTool__('flaky', ['deep', 'er', 'path'], []).then(() => 'ok', (error) => 'failed: ' + error.service + '.' + error.method);
  const fourth = await __callHostTool__('echo', 'payload', { no: 'list' });
  return [first, second, third, fourth];
};
