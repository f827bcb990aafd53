// Lazy iterator pipelines of generators and iterator helpers.
export async function runTask(input, tools) {
  const naturals = function* () { for (let n = 0; ; n++) yield n; };
  const take = function* (n, items) { for (const item of items) { if (n-- <= 0) return; yield item; } };
  const map = function* (f, items) { for (const item of items) yield f(item); };
  const primes = function* () { const seen = []; for (const n of naturals()) if (n > 1 && seen.every((p) => n % p)) { seen.push(n); yield n; } };
  const out = [];
  for (const prime of take(9, map((n) => n * n, primes()))) out.push(await tools.echo.p(prime));
  const helped = naturals().filter?.((n) => n % 3 === 0).map((n) => -n).take(4).toArray();
  return [out, helped ?? 'no helpers'];
}
