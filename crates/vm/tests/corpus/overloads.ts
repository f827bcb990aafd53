// TypeScript: overloads, type guards, optional chaining, abstract classes, async generators with types; may throw.
function read(value: string): string;
function read(value: number): number;
function read(value: any): any { return value; }
const isText = (value: unknown): value is string => typeof value === 'string';
async function* pages<T>(load: (page: number) => Promise<T>, end: number): AsyncGenerator<T, void, unknown> {
  for (let page = 0; page < end; page++) yield await load(page);
}

export default async function (_input: unknown, { tools }: { tools: any }): Promise<string[]> {
  const out: string[] = [];
  for await (const page of pages<number>((n) => tools.echo.page(n), 4)) out.push(String(read(page)));
  const any: any = await tools.service.call(1);
  out.push(isText(any) ? 'text' : typeof any, String(any?.a?.[0]?.deep ?? 'nothing'), read('x'));
  return out;
}
