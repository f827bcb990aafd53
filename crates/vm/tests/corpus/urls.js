// URL and URLSearchParams.
export async function runTask(input, tools) {
  const url = new URL('../x/./y?q=1&q=2#frag', 'https://user:pw@example.org:8443/a/b/c');
  url.searchParams.append('späß', await tools.echo.v('a b&c'));
  url.searchParams.delete('q', '1');
  url.port = '443';
  const params = new URLSearchParams({ b: '2', a: '1' });
  params.sort();
  const bad = [];
  for (const text of ['http://', 'http://[::1', 'x']) try { new URL(text); } catch (error) { bad.push(error.name); }
  await tools.sleep(1);
  return [url.href, url.host, url.pathname, [...url.searchParams], String(params), bad, URL.canParse?.('a:b'), new URL('http://EXAMPLE.com/%7Efoo/../bar').href];
}
