//! Rewrites the engine's stack traces into the author's places.

use oxc_sourcemap::SourceMap;

/// Most frames kept of one stack.
const FRAMES_MAX: usize = 50;

/// Maps the stacks of one program.
#[derive(Debug, Clone)]
pub struct StackMapper {
    file_name: String,
    /// In the order of `from`. `None` if the code is the author's text.
    places: Option<Vec<Place>>,
}

/// One step of the source map; lines and columns from 0.
#[derive(Debug, Clone, Copy)]
struct Place {
    from: (u32, u32),
    to: (u32, u32),
}

impl StackMapper {
    /// Reads the source map of a [`Program`](super::Program). Without a map, or with one that cannot
    /// be read, places stay as the engine gave them.
    pub fn new(file_name: &str, source_map: Option<&str>) -> Self {
        let map = source_map.and_then(|json| SourceMap::from_json_string(json).ok());
        let places = map.map(|map| {
            let place = |token: oxc_sourcemap::Token| Place {
                from: (token.get_dst_line(), token.get_dst_col()),
                to: (token.get_src_line(), token.get_src_col()),
            };
            let mut places: Vec<Place> = map.get_tokens().map(place).collect();
            places.sort_by_key(|place| place.from);
            places
        });
        Self { file_name: file_name.to_owned(), places }
    }

    /// Returns the stack with the author's lines and columns, without the frames of the engine and
    /// the prelude, and with 50 frames at most. Lines that are not frames stay as they are.
    pub fn map(&self, stack: &str) -> String {
        let mut frames = 0;
        let kept = stack.lines().filter_map(|line| {
            let Some(frame) = Frame::of(line, &self.file_name) else {
                return Some(line.to_owned());
            };
            if frame.is_internal() {
                return None;
            }
            frames += 1;
            (frames <= FRAMES_MAX).then(|| self.map_frame(&frame).unwrap_or_else(|| line.to_owned()))
        });
        kept.collect::<Vec<_>>().join("\n")
    }

    fn map_frame(&self, frame: &Frame) -> Option<String> {
        let places = self.places.as_deref()?;
        if frame.file != self.file_name {
            return None;
        }
        let line = frame.line?.checked_sub(1)?;
        let column = frame.column.map(|column| column.saturating_sub(1));
        let place = find(places, line, column.unwrap_or(0))?;
        let (line, column_at) = (place.to.0 + 1, place.to.1 + 1);
        let column = column.map(|_| format!(":{column_at}")).unwrap_or_default();
        Some(format!("{}{}:{line}{column}{}", frame.before, frame.file, frame.after))
    }
}

/// The last place at or before the column, else the line's first.
fn find(places: &[Place], line: u32, column: u32) -> Option<&Place> {
    let behind = places.partition_point(|place| place.from <= (line, column));
    let at_or_before = places[..behind].last().filter(|place| place.from.0 == line);
    at_or_before.or_else(|| places.get(behind).filter(|place| place.from.0 == line))
}

/// A line of a stack, taken apart: `    at name (file:line:column)` or `    at file:line:column`.
struct Frame<'a> {
    before: &'a str,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    after: &'a str,
}

impl<'a> Frame<'a> {
    fn of(text: &'a str, file_name: &str) -> Option<Self> {
        let indent = text.len() - text.trim_start().len();
        let rest = text[indent..].strip_prefix("at ")?;
        let named = rest.ends_with(')');
        let place = rest.strip_suffix(')').unwrap_or(rest);
        let (place, last) = split_number(place);
        let (place, last_but_one) = if last.is_some() { split_number(place) } else { (place, None) };
        let (line, column) = if last_but_one.is_some() { (last_but_one, last) } else { (last, None) };
        if line.is_none() && !named {
            return None;
        }
        let file = if named { file_in_brackets(place, file_name)? } else { place };
        let file_start = indent + "at ".len() + place.len() - file.len();
        Some(Self { before: &text[..file_start], file, line, column, after: if named { ")" } else { "" } })
    }

    fn is_internal(&self) -> bool {
        self.file == "native" || self.file.starts_with("fermata:")
    }
}

/// Splits `…:12` off the end.
fn split_number(text: &str) -> (&str, Option<u32>) {
    let split = text.rsplit_once(':').and_then(|(head, tail)| Some((head, tail.parse().ok()?)));
    split.map_or((text, None), |(head, number)| (head, Some(number)))
}

/// The file behind the last ` (`; the author's own file may have such a bracket in its name.
fn file_in_brackets<'a>(text: &'a str, file_name: &str) -> Option<&'a str> {
    let own = text.strip_suffix(file_name).is_some_and(|head| head.ends_with('('));
    if own {
        return Some(&text[text.len() - file_name.len()..]);
    }
    text.rsplit_once('(').map(|(_, file)| file)
}
