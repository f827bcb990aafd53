// Array methods, holes, callbacks that change the array, array-likes.
export async function runTask(input, tools) {
  const list = [5, , 3, 1];
  const log = [];
  list.forEach((value, at) => { log.push([at, value]); if (at === 0) list.push(99); });
  const like = Array.from({ length: 3, 0: 'a', 2: 'c' }, (value, at) => value ?? at);
  const filled = new Array(5).fill(await tools.echo.v('f'), 1, -1);
  const words = ['x', 'yy', 'zzz'].flatMap((word) => [word, word.length]);
  const found = [1, 5, 10].findLast?.((n) => n < 10);
  await tools.sleep(1);
  const grouped = Object.groupBy?.([1, 2, 3], (n) => (n > 1 ? 'big' : 'small'));
  return [log, list.length, 1 in list, like, filled, words, found, [1, 2, 3, 4].copyWithin(0, 2), [3, 1, 2].with?.(0, 9), [1, 2, 3].splice(1, 1), list.indexOf(undefined), list.includes(undefined), [[1, 2], [3]].flat(), ['a', 'b'].entries().next().value, grouped, Array.isArray(list.concat(like)), [1, 2, 3].reduceRight((a, b) => a + '-' + b)];
}
