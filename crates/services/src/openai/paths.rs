//! The methods: one line for each path of the official SDK.

/// What a method needs and how it is sent.
#[derive(Debug)]
pub(super) struct Path {
    /// The path as the SDK's callers write it.
    pub(super) name: &'static str,
    /// The HTTP method.
    pub(super) verb: &'static str,
    /// The URL after the base URL. Each `{}` takes one text of the arguments.
    pub(super) url: &'static str,
    /// What the argument after those texts is.
    pub(super) takes: Takes,
    /// What comes back.
    pub(super) gives: Gives,
    /// A header that this path needs.
    pub(super) header: Option<(&'static str, &'static str)>,
}

/// What the argument after the texts of the URL is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// There is none.
    Nothing,
    /// An object that becomes the query; it may be missing.
    Query,
    /// An object that becomes the body, with the members it must have; `a|b` is one of the two.
    Body(&'static [&'static str]),
}

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// A JSON value.
    Json,
    /// Bytes.
    Bytes,
    /// A chat completion, at once or streamed.
    Chat,
    /// A completion of the older kind, at once or streamed.
    Text,
    /// A response, at once or streamed.
    Response,
    /// Embeddings, which come as bytes in base64 unless the task asks for something else.
    Embeddings,
}

/// Vector stores are versioned by a header.
const VERSION_2: (&str, &str) = ("openai-beta", "assistants=v2");

static PATHS: [Path; 35] = [
    post("chat.completions.create", "/chat/completions", &["model", "messages"]).gives(Gives::Chat),
    get("chat.completions.retrieve", "/chat/completions/{}"),
    post("chat.completions.update", "/chat/completions/{}", &["metadata"]),
    list("chat.completions.list", "/chat/completions"),
    delete("chat.completions.delete", "/chat/completions/{}"),
    post("completions.create", "/completions", &["model", "prompt"]).gives(Gives::Text),
    post("responses.create", "/responses", &["model|prompt"]).gives(Gives::Response),
    list("responses.retrieve", "/responses/{}").gives(Gives::Response),
    delete("responses.delete", "/responses/{}").with(("accept", "*/*")),
    post("responses.cancel", "/responses/{}/cancel", &[]).bare(),
    post("responses.compact", "/responses/compact", &["model"]),
    list("responses.inputItems.list", "/responses/{}/input_items"),
    post("responses.inputTokens.count", "/responses/input_tokens", &[]),
    post("embeddings.create", "/embeddings", &["model", "input"]).gives(Gives::Embeddings),
    post("images.generate", "/images/generations", &["prompt"]),
    post("moderations.create", "/moderations", &["input"]),
    post("audio.speech.create", "/audio/speech", &["model", "input", "voice"])
        .gives(Gives::Bytes)
        .with(("accept", "application/octet-stream")),
    get("models.list", "/models"),
    get("models.retrieve", "/models/{}"),
    delete("models.delete", "/models/{}"),
    list("files.list", "/files"),
    get("files.retrieve", "/files/{}"),
    delete("files.delete", "/files/{}"),
    get("files.content", "/files/{}/content").gives(Gives::Bytes).with(("accept", "application/binary")),
    post("batches.create", "/batches", &["input_file_id", "endpoint", "completion_window"]),
    get("batches.retrieve", "/batches/{}"),
    list("batches.list", "/batches"),
    post("batches.cancel", "/batches/{}/cancel", &[]).bare(),
    post("vectorStores.create", "/vector_stores", &[]).with(VERSION_2),
    get("vectorStores.retrieve", "/vector_stores/{}").with(VERSION_2),
    post("vectorStores.update", "/vector_stores/{}", &[]).with(VERSION_2),
    list("vectorStores.list", "/vector_stores").with(VERSION_2),
    delete("vectorStores.delete", "/vector_stores/{}").with(VERSION_2),
    post("vectorStores.search", "/vector_stores/{}/search", &["query"]).with(VERSION_2),
    post("vectorStores.files.create", "/vector_stores/{}/files", &["file_id"]).with(VERSION_2),
];

/// The path of this name.
pub(super) fn find(name: &str) -> Option<&'static Path> {
    PATHS.iter().find(|path| path.name == name)
}

/// The names of all paths.
pub(super) fn names() -> Vec<&'static str> {
    PATHS.iter().map(|path| path.name).collect()
}

const fn get(name: &'static str, url: &'static str) -> Path {
    Path { name, verb: "GET", url, takes: Takes::Nothing, gives: Gives::Json, header: None }
}

const fn list(name: &'static str, url: &'static str) -> Path {
    Path { takes: Takes::Query, ..get(name, url) }
}

const fn delete(name: &'static str, url: &'static str) -> Path {
    Path { verb: "DELETE", ..get(name, url) }
}

const fn post(name: &'static str, url: &'static str, needs: &'static [&'static str]) -> Path {
    Path { verb: "POST", takes: Takes::Body(needs), ..get(name, url) }
}

impl Path {
    const fn gives(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    const fn with(self, header: (&'static str, &'static str)) -> Self {
        Self { header: Some(header), ..self }
    }

    const fn bare(self) -> Self {
        Self { takes: Takes::Nothing, ..self }
    }

    /// How many texts the URL takes.
    pub(super) fn texts(&self) -> usize {
        self.url.matches("{}").count()
    }

    /// Whether the answer can be streamed.
    pub(super) fn streams(&self) -> bool {
        self.verb == "POST" && matches!(self.gives, Gives::Chat | Gives::Text | Gives::Response)
    }
}
