//! Taking HTML apart, for as long as that is bearable.

use std::time::{Duration, Instant};

use dom_query::Document;
use html5ever::ParseOpts;
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;

/// The longest time. An element costs as much as it has others around it, so a page of half a megabyte can be made to
/// take minutes; an honest one takes milliseconds.
const TIME_MAX: Duration = Duration::from_secs(3);
/// How much is taken at a time, in bytes.
const PIECE_BYTES: usize = 4096;

/// The document of a text; `None` when it takes too long.
pub(super) fn parse(mut text: &str) -> Option<Document> {
    let began = Instant::now();
    // Without scripts, what is there for browsers without them is part of the page.
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let opts = ParseOpts { tree_builder, ..ParseOpts::default() };
    let mut parser = html5ever::parse_document(Document::default(), opts);
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(PIECE_BYTES));
        parser.process(piece.into());
        if began.elapsed() > TIME_MAX {
            return None;
        }
        text = rest;
    }
    Some(parser.finish())
}
