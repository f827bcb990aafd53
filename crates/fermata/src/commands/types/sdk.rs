//! The types of everything that a task meets, as the program carries them.

/// A file of types, and its name.
type File = (&'static str, &'static str);

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$((concat!($name, ".d.ts"), include_str!(concat!("../../../../../sdk/", $name, ".d.ts")))),+]
    };
}

/// Every file of `sdk/`.
pub(super) const FILES: [File; 18] = files![
    "connectors",
    "events",
    "gapi",
    "globals",
    "http",
    "index",
    "keystore",
    "log",
    "mail",
    "openai",
    "secret",
    "sql",
    "state",
    "supabase",
    "task",
    "tasks",
    "tools",
    "websearch",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn no_file_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk");
        let names =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let found: BTreeSet<String> = names.filter(|name| name.ends_with(".d.ts")).collect();
        let carried: BTreeSet<String> = super::FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(carried, found);
    }
}
