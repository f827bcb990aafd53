// Tagged templates, their cached strings, raw text, nested templates.
export async function runTask(input, tools) {
  const strings = new Set();
  const tag = (parts, ...values) => { strings.add(parts); return parts.raw.map((raw, i) => raw + (values[i] ?? '')).join(''); };
  const out = [];
  for (let i = 0; i < 3; i++) {
    out.push(tag`line\n${await tools.echo.x(i)} and ${`nested ${i}`}`);
  }
  return [out, strings.size, String.raw`a\tb${1 + 1}`, tag`\unicode ${'ok'}`];
}
