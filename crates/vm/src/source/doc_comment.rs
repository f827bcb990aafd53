//! Doc comments (`/** … */`): their text and their tags, without what any of it means.

use oxc::ast::ast::Program;

/// One doc comment, taken apart.
#[derive(Debug, Default)]
pub(super) struct DocComment {
    /// The text before the first tag.
    pub(super) text: String,
    pub(super) tags: Vec<Tag>,
}

/// A tag with what follows it, up to the next tag.
#[derive(Debug)]
pub(super) struct Tag {
    /// Without the `@`.
    pub(super) name: String,
    pub(super) text: String,
}

impl DocComment {
    /// Reads what stands between `/**` and `*/`.
    pub(super) fn parse(inside: &str) -> Self {
        let mut doc = Self::default();
        let mut in_code = false;
        for line in lines(inside) {
            in_code ^= line.trim_start().starts_with("```");
            match tag_start(line).filter(|_| !in_code) {
                Some((name, text)) => {
                    doc.tags.push(Tag { name: name.to_owned(), text: text.to_owned() });
                }
                None => {
                    let text = doc.tags.last_mut().map_or(&mut doc.text, |tag| &mut tag.text);
                    text.push('\n');
                    text.push_str(line);
                }
            }
        }
        doc
    }

    /// The first tag of one of these names.
    pub(super) fn tag(&self, name: &str) -> Option<&Tag> {
        self.tags.iter().find(|tag| tag.name == name)
    }

    /// The texts of its `@param` tags.
    pub(super) fn params(&self) -> impl Iterator<Item = &str> {
        let is_param = |tag: &&Tag| matches!(tag.name.as_str(), "param" | "arg" | "argument");
        self.tags.iter().filter(is_param).map(|tag| tag.text.as_str())
    }
}

/// The lines without their leading `*`.
fn lines(inside: &str) -> impl Iterator<Item = &str> {
    let ends = ['\r', '\u{2028}', '\u{2029}'];
    let lines = inside.split('\n').flat_map(move |line| line.strip_suffix('\r').unwrap_or(line).split(ends));
    lines.map(|line| {
        let line = line.trim();
        line.strip_prefix('*').unwrap_or(line)
    })
}

fn tag_start(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start().strip_prefix('@')?;
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// Folds white space: one blank between words, an empty line between paragraphs.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut separator = "";
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            separator = if folded.is_empty() { "" } else { "\n\n" };
            continue;
        }
        folded.push_str(separator);
        folded.push_str(&words.join(" "));
        separator = " ";
    }
    folded
}

/// All doc comments of a file, in order.
pub(super) struct DocComments(Vec<Placed>);

struct Placed {
    /// Where the token behind the comment begins.
    attached_to: u32,
    doc: DocComment,
}

impl DocComments {
    pub(super) fn of(program: &Program) -> Self {
        let docs = program.comments.iter().filter(|comment| comment.is_jsdoc()).map(|comment| {
            let inside = comment.content_span().source_text(program.source_text);
            let inside = inside.strip_prefix('*').unwrap_or(inside);
            Placed { attached_to: comment.attached_to, doc: DocComment::parse(inside) }
        });
        Self(docs.collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &DocComment> {
        self.0.iter().map(|placed| &placed.doc)
    }

    /// For each of the byte offsets, the doc comment directly before it, if any.
    pub(super) fn before(&self, offsets: &[u32]) -> Vec<&DocComment> {
        let last_at = |offset| self.0.iter().rev().find(|placed| placed.attached_to == offset);
        offsets.iter().filter_map(|offset| last_at(*offset)).map(|placed| &placed.doc).collect()
    }
}
