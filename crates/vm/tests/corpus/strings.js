// Strings: normalisation, code points, padding, locale-free comparison, ropes.
export async function runTask(input, tools) {
  const nfd = 'e\u0301\u{1f469}\u200d\u{1f680}';
  let rope = '';
  for (let i = 0; i < 400; i++) rope = i % 3 ? rope + i : i + rope;
  await tools.sleep(1);
  const echoed = await tools.echo.s(rope);
  return [
    nfd.normalize('NFC').length, nfd.normalize('NFD') === nfd, [...nfd].length, '\ufb01'.normalize('NFKD'), echoed === rope, rope.slice(50, 90), 'x'.padStart(5, 'ab'),
    'a-b-c'.replaceAll('-', '+'), 'abc'.at(-1), '\u00df'.toUpperCase(), '\u0130'.toLowerCase().length, 'b'.localeCompare('a'), 'ab\ud800'.isWellFormed?.(),
    'tEsT'.codePointAt(1), String.fromCodePoint(128512), ' \ufeff x'.trim(), 'abcabc'.lastIndexOf('c', 3), 'a,b,,c'.split(',', 3),
  ];
}
