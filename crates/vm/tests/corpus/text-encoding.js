// TextEncoder, TextDecoder, atob and btoa, with lone surrogates and other encodings.
export async function runTask(input, tools) {
  const encoder = new TextEncoder();
  const text = await tools.echo.t('Gr\u00fc\u00dfe \u{1f600} \u4f60\u597d');
  const bytes = encoder.encode(text);
  const decoder = new TextDecoder();
  const halves = decoder.decode(bytes.subarray(0, 9), { stream: true }) + decoder.decode(bytes.subarray(9));
  await tools.sleep(1);
  const into = encoder.encodeInto('abc\u00e9', new Uint8Array(4));
  return [[...bytes], halves === text, into, [...encoder.encode('\ud800')], new TextDecoder('utf-16le').decode(new Uint8Array([65, 0, 66, 0])), btoa('hello'), atob('aGVsbG8='), encodeURIComponent(text)];
}
