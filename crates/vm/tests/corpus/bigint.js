// BigInt arithmetic with numbers of hundreds of digits.
export async function runTask(input, tools) {
  let [a, b] = [0n, 1n];
  for (let i = 0; i < 900; i++) [a, b] = [b, a + b];
  const half = BigInt(await tools.echo.digits(String(a).slice(0, 80)));
  let modulus = 1n;
  for (let i = 0n; i < 64n; i++) modulus = (modulus * 31n + i) % half;
  return [
    String(a), String(a % 1000007n), String(half ** 3n), String(modulus), String(-half / 7n), String(half >> 40n), String(half & 0xffffn),
    BigInt.asIntN(8, 255n).toString(), BigInt.asUintN(64, -1n).toString(16), 5n > 4, 2n == 2, typeof half,
  ];
}
