//! The description, from doc comments.

use super::program;

#[test]
fn the_description_is_the_first_doc_comments_text() {
    for (source, expected) in [
        ("/** Adds numbers. */ export default 1", Some("Adds numbers.")),
        ("// no\n/* no */\n/** Yes. */\nmodule.exports = 1", Some("Yes.")),
        (
            "/**\n * Adds\n *   numbers,\n * all of them.\n *\n *\n * Then   rests.\n */",
            Some("Adds numbers, all of them.\n\nThen rests."),
        ),
        ("/**\r\n * One\r\n * two.\r\n *\r\n * Three.\r\n */", Some("One two.\n\nThree.")),
        ("/**\rOne\u{2028}two\r*/", Some("One two")),
        (
            "/** Text. @param stays, as it is not at a line's start */",
            Some("Text. @param stays, as it is not at a line's start"),
        ),
        ("/**\n * Text.\n * @param {string} input.a - A.\n * More of A.\n */", Some("Text.")),
        ("/**\n * @description Says\n *   it.\n * @returns {string}\n */", Some("Says it.")),
        ("/**\n * @task send-report\n * @description Sends it.\n */", Some("Sends it.")),
        ("/**\n * @task send-report\n */", Some("send-report")),
        (
            "/**\n * Uses:\n * ```\n * @decorated\n * ```\n * @see there\n */",
            Some("Uses: ``` @decorated ```"),
        ),
        ("/** Mail to a@b.c {@link d} */", Some("Mail to a@b.c {@link d}")),
        ("/** @license MIT */\nlet a;\n/** Real one. */\nexport default async () => a", Some("Real one.")),
        ("/***/ /**/ 1", None),
        ("/** */ 1", None),
        ("/** @param {string} a */ 1", None),
        ("/* Not a doc comment. */ 1", None),
        ("'/** in a string */'", None),
        ("/** unicode: é € 😀 \u{202e} */", Some("unicode: é € 😀 \u{202e}")),
        ("", None),
    ] {
        assert_eq!(program("a.js", source).description.as_deref(), expected, "{source}");
        assert_eq!(program("a.ts", source).description.as_deref(), expected, "{source}");
    }
}
