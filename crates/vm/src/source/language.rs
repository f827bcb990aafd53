//! Which language a file is in, told from its name alone.

use oxc::span::SourceType;

/// The language of a task's text, and how it is a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language {
    pub(super) is_typescript: bool,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// A module if it has import or export syntax, else a script.
    BySyntax,
    Module,
    CommonJs,
}

impl Language {
    /// Goes by the extension; a name without one is JavaScript.
    pub(super) fn of(file_name: &str) -> Result<Self, String> {
        let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
        let extension = base.rsplit_once('.').map_or("js", |(_, extension)| extension);
        let (is_typescript, format) = match extension.to_ascii_lowercase().as_str() {
            "js" => (false, Format::BySyntax),
            "mjs" => (false, Format::Module),
            "cjs" => (false, Format::CommonJs),
            "ts" => (true, Format::BySyntax),
            "mts" => (true, Format::Module),
            "cts" => (true, Format::CommonJs),
            "jsx" | "tsx" => {
                return Err(format!("JSX is not supported in a task: .{extension}; use .ts or .js"));
            }
            _ => {
                return Err(format!(
                    "a task is a JavaScript or TypeScript file, not .{extension}: \
                     name it .js, .mjs, .cjs, .ts, .mts or .cts"
                ));
            }
        };
        Ok(Self { is_typescript, format })
    }

    /// TypeScript in place of JavaScript, the rest as it is.
    pub(super) fn as_typescript(self) -> Self {
        Self { is_typescript: true, ..self }
    }

    /// Whether the name alone makes the file a module.
    pub(super) fn is_always_module(self) -> bool {
        self.format == Format::Module
    }

    pub(super) fn source_type(self) -> SourceType {
        let source_type = match self.format {
            Format::BySyntax => SourceType::unambiguous(),
            Format::Module => SourceType::mjs(),
            // The text is run as it is, without a function around it: no top-level `return`.
            Format::CommonJs => SourceType::script(),
        };
        source_type.with_typescript(self.is_typescript)
    }
}
