//! Makes the engine module and the prelude part of the build, and says what to run when they are missing.

use std::path::Path;

fn main() {
    for file in ["guest/dist/quickjs.wasm", "guest/dist/prelude.js"] {
        println!("cargo::rerun-if-changed={file}");
        if !Path::new(file).exists() {
            println!(
                "cargo::error=crates/vm/{file} is missing: run `cargo xtask setup` once (it needs Node 20 and npm)"
            );
        }
    }
}
