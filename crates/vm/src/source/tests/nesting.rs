//! The bound of the nesting: it holds for what parses, and does not stand in the way of real code.

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast_visit::Visit;
use oxc::parser::Parser;

use crate::source::language::Language;
use crate::source::nesting::depth_max;

/// Nodes a single token may add to the tree: `a` is a statement, an expression and a name.
const NODES_PER_TOKEN: usize = 3;

#[test]
fn the_bound_is_never_below_the_depth_of_the_tree() {
    for (before, inner, after) in [
        ("(", "1", ")"),
        ("!", "1", ""),
        ("a=>", "1", ""),
        ("a?b:", "1", ""),
        ("a**", "1", ""),
        ("a+", "1", ""),
        ("a.", "a", ""),
        ("", "a", "()"),
        ("if(a)", ";", ""),
        ("if(a);else ", ";", ""),
        ("if(a){}else ", ";", ""),
        ("if(a){b;c}else ", ";", ""),
        ("do ", "x", ";while(1)"),
        ("do ", ";", "while(1)"),
        ("a:", "b,c", ""),
        ("while(a,b)", ";", ""),
        ("(function(){", "", "})"),
        ("class extends ", "a", "{}"),
        ("(class{a(){", "", "}})"),
        ("`${", "1", "}`"),
        ("`a}${", "`'`", "}\"`"),
        ("if(/[/\"]/.a)", "/\"/", ""),
        ("a/(\"/\",", "b", ")"),
        ("x\n/(\"/\",", "b", ")"),
        ("{}/(\"/\",", "b", ")"),
        ("a++/(\"/\",", "b", ")"),
        ("a\n++/(\"/\"),(", "b", ")"),
        ("\\u00e9=(\"(\",", "b", ")"),
    ] {
        for file_name in ["a.js", "a.mjs", "a.ts"] {
            check(file_name, &format!("x={}{inner}{}", before.repeat(50), after.repeat(50)));
            check(file_name, &format!("{}{inner}{}", before.repeat(50), after.repeat(50)));
        }
    }
    for (before, inner, after) in [
        ("A<", "B", ">"),
        ("A<keyof ", "B", ",C>"),
        ("A extends B?C:", "B", ""),
        ("()=>", "B", ""),
        ("[", "B", "]"),
        ("{a:", "B", "}"),
    ] {
        check("a.ts", &format!("type X={}{inner}{}", before.repeat(50), after.repeat(50)));
    }
}

#[test]
fn code_with_two_readings_is_measured_in_both() {
    check("a.js", "x={}/\"/,(((((((((((((((((((((1)))))))))))))))))))))//\"");
    check("a.js", "{}/\"/,(((((((((((((((((((((1)))))))))))))))))))))//\"");
    check("a.js", "a<!--b\n(a<!--b'\n(a\n-->c)'\n(1");
    let refusal = depth_max(&"{}/\"/,(".repeat(50), Language::of("a.js").unwrap()).unwrap_err();
    assert!(refusal.message.starts_with("too many `/` up to here"), "{refusal:?}");
}

#[test]
fn flat_code_is_flat_however_long() {
    for part in [
        "function f(a, b) { if (a) { return b } else { return [a, b] } }\n",
        "f(a, { b: [1, -2, 3], c: () => d ? e : f });\n",
        "if (a) b(); else c(); while (d) e(); for (;;) break;\n",
        "class A { constructor(a) { this.a = a } static b() {} async c() {} }\n",
        "x = a / b / c; y = /['\"(]/.test(z); if (q) /[\"]/.exec(r);\n",
        "var a=1,b=-2,c=()=>a<b,d=!a;",
        "s = `${a}(${`${b}`}[`;\n",
    ] {
        for file_name in ["a.js", "a.ts"] {
            let bound = depth_max(&part.repeat(2_000), Language::of(file_name).unwrap()).unwrap();
            assert!(bound < 100, "{bound}: {part}");
        }
    }
    let table: String = (0..100_000).map(|n| format!("[-{n},{{a:{n}?1:2}}],")).collect();
    assert!(depth_max(&format!("x=[{table}]"), Language::of("a.js").unwrap()).unwrap() < 100);
}

/// Compares the bound with the tree that the parser makes.
fn check(file_name: &str, source: &str) {
    let language = Language::of(file_name).unwrap();
    let bound = depth_max(source, language).unwrap_or_else(|refusal| panic!("{refusal:?}: {source}"));
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, language.source_type()).parse();
    let mut depth = Depth::default();
    depth.visit_program(&parsed.program);
    assert!(depth.deepest <= NODES_PER_TOKEN * (bound + 2), "{} > {bound}: {source}", depth.deepest);
}

#[derive(Default)]
struct Depth {
    now: usize,
    deepest: usize,
}

impl<'a> Visit<'a> for Depth {
    fn enter_node(&mut self, _: AstKind<'a>) {
        self.now += 1;
        self.deepest = self.deepest.max(self.now);
    }

    fn leave_node(&mut self, _: AstKind<'a>) {
        self.now -= 1;
    }
}
