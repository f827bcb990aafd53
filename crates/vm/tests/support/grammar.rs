//! Makes a task out of random bytes. Any bytes make one; fewer and smaller bytes make a smaller one,
//! so that a failing case shrinks.

use std::fmt::Write;

/// Deepest nesting of statements and expressions.
const DEPTH_MAX: u32 = 4;

/// What every task begins with: fuel that ends its loops, and a bound on what its variables hold.
const HEAD: &str = "let fuel = 120;
const spend = () => fuel-- > 0;
const cut = (value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? typeof value;
  return text.length > 300 ? text.slice(0, 100) : value;
};
const text = (value) => (JSON.stringify(value) ?? typeof value).slice(0, 80);
const map = new Map();
const list = [];
class Box { #value; constructor(value) { this.#value = value; } get value() { return this.#value; } set value(value) { this.#value = cut(value); } }
const box = new Box(0);
function* count(n) { for (let i = 0; i < n; i++) yield i; }
async function* each(values) { for (const value of values) yield await tools.echo.each(value); }";

/// The text of a task.
pub(crate) fn task(tape: &[u8]) -> String {
    let mut writer = Writer { tape, names: vec!["input".into()], made: 0, functions: 0 };
    let functions = writer.functions();
    let body = writer.block(DEPTH_MAX, 6);
    let names = writer.names.join(", ");
    format!(
        "export async function runTask(input, tools) {{\n{HEAD}\n{functions}\n{body}\n\
         return [{names}].map(cut).concat(text([...map]), text(list), text(box.value), Math.random());\n}}\n"
    )
}

struct Writer<'a> {
    tape: &'a [u8],
    /// Variables in scope.
    names: Vec<String>,
    /// Variables made so far.
    made: u32,
    /// Functions declared so far.
    functions: u32,
}

impl Writer<'_> {
    /// A number below `count`; 0 when the bytes are used up.
    fn choose(&mut self, count: u8) -> u8 {
        match self.tape.split_first() {
            Some((first, rest)) => {
                self.tape = rest;
                first % count
            }
            None => 0,
        }
    }

    fn name(&mut self) -> String {
        let count = u8::try_from(self.names.len()).unwrap_or(u8::MAX);
        let at = self.choose(count);
        self.names[usize::from(at)].clone()
    }

    fn new_name(&mut self) -> String {
        self.made += 1;
        format!("v{}", self.made)
    }

    /// Functions that call themselves, and wait or not.
    fn functions(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.choose(3) {
            self.functions += 1;
            let name = format!("f{}", self.functions);
            let is_async = self.choose(2) == 0;
            self.names.push("n".into());
            self.names.push("x".into());
            let value = if is_async { self.expression(2) } else { self.plain(2) };
            self.names.truncate(self.names.len() - 2);
            let word = if is_async { "async " } else { "" };
            writeln!(text, "{word}function {name}(n, x) {{ if (n <= 0 || !spend()) return x; return {name}(n - 1, cut({value})); }}")
                .unwrap();
        }
        text
    }

    fn block(&mut self, depth: u32, most: u8) -> String {
        let count = 1 + self.choose(most);
        (0..count).map(|_| self.statement(depth)).collect::<Vec<_>>().join("\n")
    }

    /// A block whose variables end with it.
    fn scope(&mut self, depth: u32) -> String {
        let (names, block) = (self.names.len(), self.block(depth, 3));
        self.names.truncate(names);
        format!("{{\n{block}\n}}")
    }

    fn statement(&mut self, depth: u32) -> String {
        let kind = if depth == 0 { self.choose(6) } else { self.choose(18) };
        let below = depth.saturating_sub(1);
        match kind {
            0 => {
                let (name, value) = (self.new_name(), self.expression(depth));
                self.names.push(name.clone());
                format!("let {name} = cut({value});")
            }
            1 => format!("{} = cut({});", self.name(), self.expression(depth)),
            2 => format!("map.set(text({}), cut({}));", self.plain(1), self.expression(depth)),
            3 => format!("if (list.push(cut({})) > 40) list.length = 0;", self.expression(depth)),
            4 => format!("console.log(text({}), {});", self.plain(1), self.plain(1)),
            5 => format!("box.value = {};", self.expression(depth)),
            6 => format!("if ({}) {} else {}", self.expression(below), self.scope(below), self.scope(below)),
            7 | 8 => {
                let (name, count) = (self.new_name(), 1 + self.choose(4));
                let body = self.scope(below);
                format!("for (let {name} = 0; {name} < {count} && spend(); {name}++) {body}")
            }
            9 => self.over("of count(4)", "", below),
            10 => self.over("of each([1, box.value, 'e'])", "await ", below),
            11 => self.over("of [...map.keys()].slice(0, 3)", "", below),
            12 | 13 => {
                let (body, caught, last) = (self.scope(below), self.scope(below), self.statement(0));
                let last = if last.starts_with("let") { String::new() } else { last };
                format!(
                    "try {body} catch (error) {{ list.push(error.name + error.message); {caught} }} finally {{ {last} }}"
                )
            }
            14 => format!(
                "try {{ throw new RangeError(text({})); }} catch (error) {{ map.set('thrown', error.message); }}",
                self.plain(1)
            ),
            15 => {
                format!("setTimeout(() => {{ list.push(text({})); }}, {});", self.plain(1), self.choose(100))
            }
            16 => format!(
                "tools.flaky.aside({}).then((r) => list.push(text(r)), (e) => list.push(e.code));",
                self.plain(1)
            ),
            _ => format!("queueMicrotask(() => {{ list.push({}); }});", self.choose(10)),
        }
    }

    fn over(&mut self, items: &str, wait: &str, depth: u32) -> String {
        let name = self.new_name();
        self.names.push(name.clone());
        let body = self.scope(depth);
        self.names.pop();
        format!("for {wait}(const {name}_ {items}) {{ if (!spend()) break; let {name} = {name}_; {body} }}")
    }

    /// An expression that may wait.
    fn expression(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.plain(0);
        }
        let below = depth - 1;
        match self.choose(12) {
            0..3 => self.plain(depth),
            3..5 => format!("(await tools.echo.say({}))", self.plain(below)),
            5 => format!("(await tools.some.thing({}))", self.plain(below)),
            6 => format!("(await tools.flaky.work({}).catch((e) => e.message))", self.expression(below)),
            7 => {
                let how = ["all", "race", "allSettled", "any"][usize::from(self.choose(4))];
                let (a, b) = (self.plain(below), self.plain(below));
                format!(
                    "text(await Promise.{how}([tools.echo.a({a}), tools.flaky.b({b}), 1]).catch((e) => e.name))"
                )
            }
            8 => {
                format!("(await (async (x) => [x, {}])({}))", self.expression(below), self.expression(below))
            }
            9 if self.functions > 0 => {
                let at = 1 + u32::from(self.choose(u8::try_from(self.functions).unwrap_or(1)));
                format!("(await f{at}({}, {}))", self.choose(6), self.expression(below))
            }
            10 => format!(
                "(await new Promise((go) => setTimeout(go, {}, {})))",
                self.choose(50),
                self.plain(below)
            ),
            _ => format!("({} ?? {})", self.expression(below), self.expression(below)),
        }
    }

    /// An expression that does not wait.
    fn plain(&mut self, depth: u32) -> String {
        let kind = if depth == 0 { self.choose(7) } else { self.choose(18) };
        let below = depth.saturating_sub(1);
        match kind {
            0 => self.choose(255).to_string(),
            1 | 2 => self.name(),
            3 => ["'a'", "'\u{fc}\u{1f600}'", "''", "'7'", "'\\ud800'"][usize::from(self.choose(5))].into(),
            4 => ["null", "undefined", "true", "NaN", "-0"][usize::from(self.choose(5))].into(),
            5 => "Math.random()".into(),
            6 => "Date.now()".into(),
            7..10 => {
                let signs = ["+", "-", "*", "%", "<", "===", "&&", "||", "|", ">>>", "**"];
                let sign = signs[usize::from(self.choose(11))];
                format!("(text({}) {sign} {})", self.plain(below), self.plain(below))
            }
            10 => format!("[{}, {}]", self.plain(below), self.plain(below)),
            11 => format!(
                "{{ a: {}, [text({})]: {} }}",
                self.plain(below),
                self.plain(below),
                self.plain(below)
            ),
            12 => format!("`${{text({})}}-{}`", self.plain(below), self.choose(9)),
            13 => format!("((x) => text([x, {}]))({})", self.plain(below), self.plain(below)),
            14 => format!("[3, 1, 2].map((x, i) => text({}) + x + i).sort().join()", self.plain(below)),
            15 => format!("map.get(text({}))", self.plain(below)),
            16 => format!("text({}).replace(/(?<d>\\d)|[a-z]/g, (m, d) => d ?? '_')", self.plain(below)),
            _ => format!("({} ? {} : {})", self.plain(below), self.plain(below), self.plain(below)),
        }
    }
}
