// Regular expressions: lastIndex, sticky, named groups, look-behind, unicode, replace with functions.
export async function runTask(input, tools) {
  const seen = [];
  const date = /(?<year>\d{4})-(?<month>\d\d)/g;
  const text = 'from 2024-01 to 2025-12 and 1999-07';
  let match;
  while ((match = date.exec(text)) !== null) {
    seen.push([match.groups.year, match.index, date.lastIndex]);
    await tools.sleep(1);
  }
  const sticky = /\w+\s?/y;
  while (sticky.test('one two  three')) seen.push(sticky.lastIndex);
  const swapped = (await tools.echo.t(text)).replace(/(?<y>\d+)-(?<m>\d+)/g, '$<m>/$<y>');
  const upper = text.replace(/(?<=\s)[a-z]+/g, (word, at) => word.toUpperCase() + at);
  return [
    seen, swapped, upper, [...text.matchAll(/\d(\d)/g)].map((m) => m[1]).join(''), '\u{1f600}x'.match(/\p{Emoji}/u)?.[0],
    'aBc'.split(/(b)/i), /^(?:a+)+$/.test('aaaaaaaaaaaa'), /(a)|b/d.exec('b')?.indices?.length, text.search(/to/),
  ];
}
