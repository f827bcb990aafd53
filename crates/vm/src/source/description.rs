//! What a task is for, in its author's words.

use super::doc_comment::{DocComment, DocComments, fold};

/// Takes the text of the file's first doc comment; if that has none, of the task function's.
pub(super) fn describe(docs: &DocComments, task_docs: &[&DocComment]) -> Option<String> {
    docs.iter().take(1).chain(task_docs.iter().copied()).find_map(description_of)
}

/// The text before the first tag, else that of a tag which says the same.
fn description_of(doc: &DocComment) -> Option<String> {
    let tags = ["description", "desc", "task"].into_iter().filter_map(|name| doc.tag(name));
    let texts = std::iter::once(doc.text.as_str()).chain(tags.map(|tag| tag.text.as_str()));
    texts.map(fold).find(|text| !text.is_empty())
}
