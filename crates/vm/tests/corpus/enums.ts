// TypeScript: enums, const enums, namespaces, parameter properties, generics, satisfies.
enum Level { Low = 1, Mid, High = Low + Mid * 2, Name = 'text'.length }
namespace Shapes {
  export const sides = 4;
  export namespace Inner { export function area(n: number): number { return n * sides; } }
}
abstract class Named { constructor(public readonly name: string, private secret = 3) {} get code(): number { return this.secret; } }
class Thing<T extends object> extends Named { declare extra: T; items: T[] = []; }
interface Input { count?: number }
type Answer = { level: Level; names: string[] };

export async function runTask(input: Input | null, tools: any): Promise<Answer & { rest: unknown[] }> {
  const thing = new Thing<{ a: number }>('thing');
  const count = (input?.count ?? 5) as number;
  for (let i = 0; i < count; i++) thing.items.push(await tools.echo.item({ a: i }) satisfies { a: number });
  const names = thing.items.map((item) => Level[item.a] ?? `none ${item!.a}`);
  return { level: Level.High, names, rest: [Shapes.Inner.area(2), thing.code, Level['Mid'], 'extra' in thing] };
}
