//! A run that was put down on one engine build goes on although new runs start on another.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/support.rs"]
mod support;

use std::fs;
use std::path::PathBuf;

use fermata_model::record::Outcome;
use fermata_model::seal::Key;
use fermata_model::{Limits, json};
use fermata_vm::{Clock, Config, Engine, EngineHash, LoadError, Snapshot, Vm, source};
use support::{START, engine, identity, returned, start, task};

const PLACE: &[u8] = b"run 1, delivery 0";

/// A folder with the present build's module and another one: the same with one more custom section,
/// which is a build of its own to everybody who looks at hashes.
fn folder_of_two_builds() -> (tempfile::TempDir, EngineHash) {
    let built = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("engine");
    let present = engine().hash();
    let mut module = fs::read(built.join(format!("{present}.wasm"))).unwrap();
    // Section 0 of five bytes: a name of three letters, and one byte.
    module.extend_from_slice(&[0, 5, 3, b'o', b'l', b'd', 1]);
    let older = EngineHash(*blake3::hash(&module).as_bytes());
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(&built).unwrap().flatten() {
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    fs::write(folder.path().join(format!("{older}.wasm")), module).unwrap();
    (folder, older)
}

#[test]
fn a_run_goes_on_on_the_build_it_was_put_down_on() {
    let (folder, older) = folder_of_two_builds();
    let program =
        source::compile("task.js", &task("const seen = [1]; seen.push(await tools.echo.x()); return seen"));
    let program = program.unwrap();
    let key = Key::new([3; 32]);

    let config = Config { folder: folder.path().to_owned(), instances_max: 8 };
    let before = Engine::open(&config).unwrap();
    let baseline = before.load_on(older, &program, Limits::default()).unwrap();
    let (vm, _) = start(&baseline);
    let sealed = vm.checkpoint().seal(&key, [1; 24], PLACE, baseline.engine_hash());

    // Another process, whose own build is the present one.
    let after = Engine::open(&config).unwrap();
    assert_ne!(after.hash(), older);
    let present = after.load(&program, Limits::default()).unwrap();
    let snapshot = Snapshot::open(&key, PLACE, older, &sealed).unwrap();
    assert!(Vm::restore(&present, identity(), &snapshot).is_err(), "a state belongs to its own build");

    let baseline = after.load_on(older, &program, Limits::default()).unwrap();
    let mut vm = Vm::restore(&baseline, identity(), &snapshot).unwrap();
    let outcome = Outcome::Ok(json::parse("2".into()).unwrap());
    let slice = vm.deliver(Clock { delivery: 1, now: START }, 1, &outcome);
    assert_eq!(returned(&slice), "[1,2]");
}

#[test]
fn a_build_that_is_gone_is_named() {
    let (folder, older) = folder_of_two_builds();
    fs::remove_file(folder.path().join(format!("{older}.wasm"))).unwrap();
    let engine = Engine::open(&Config { folder: folder.path().to_owned(), instances_max: 8 }).unwrap();
    let program = source::compile("task.js", &task("return 1")).unwrap();
    let error = engine.load_on(older, &program, Limits::default()).unwrap_err();
    let LoadError::Build(cause) = error else { panic!("{error:?}") };
    assert!(cause.to_string().contains(&older.to_string()), "{cause}");
}
