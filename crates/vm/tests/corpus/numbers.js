// Numbers: formatting, rounding, bit operations, transcendental functions.
export async function runTask(input, tools) {
  const values = [];
  for (const n of await tools.echo.n([0.1, 1e21, -1.5, 123456.789, 5e-324, 2 ** 53])) {
    values.push(n.toFixed(2), n.toPrecision(3), n.toExponential(2), n.toString(36), Math.round(n), n | 0, n >>> 0, Math.sin(n), Math.cbrt(n), Math.fround(n));
  }
  await tools.sleep(1);
  return [values, Math.hypot(3, 4), Math.clz32(1), Math.imul(0xffffffff, 5), parseFloat('1e3x'), Number('0x1f'), (25).toString(2), 0.1 + 0.2, Math.atan2(1, -1), Math.exp(1), Math.log1p(1e-10), Number.MAX_SAFE_INTEGER];
}
