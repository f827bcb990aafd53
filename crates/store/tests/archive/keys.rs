//! The master key: never in an archive, and looked at when it is there.

use std::fs;
use std::io::Read;

use fermata_model::seal::Key;
use fermata_store::archive;
use fermata_store::archive::KeyState;

use crate::filled::{back_up, filled, nobody, place_of};
use crate::place::Place;

#[test]
fn the_master_key_is_not_in_the_archive() {
    let source = filled(&Place::Sqlite);
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    back_up(&source, &file);
    let digits = fs::read_to_string(source.folder.path().join("master.key")).unwrap();
    let digits = digits.trim();
    let key: Vec<u8> = (0..32).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()).collect();
    let raw = fs::read(&file).unwrap();
    let records = raw.windows(4).position(|bytes| bytes == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
    let mut plain = Vec::new();
    zstd::Decoder::new(&raw[records..]).unwrap().single_frame().read_to_end(&mut plain).unwrap();
    assert!(plain.windows(7).any(|bytes| bytes == b"example"), "it was unpacked");
    for bytes in [&raw, &plain] {
        for secret in [&key[..], digits.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn a_key_that_is_there_is_tried() {
    let source = filled(&Place::Sqlite);
    let above = tempfile::tempdir().unwrap();
    let file = above.path().join("archive");
    back_up(&source, &file);
    let right = fs::read_to_string(source.folder.path().join("master.key")).unwrap();
    let wrong = "ab".repeat(32);
    let cases = [
        ("right", right.as_str(), KeyState::Opens),
        ("wrong", &wrong, KeyState::Wrong),
        ("malformed", "12", KeyState::Unreadable),
    ];
    for (name, text, expected) in cases {
        let folder = above.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("master.key"), text).unwrap();
        let restored = archive::restore(&file, &place_of(&folder, None), &mut nobody).unwrap();
        assert_eq!(restored.key, expected, "{name}");
        assert_eq!(restored.key_path, folder.join("master.key"));
    }
    let mut place = place_of(&above.path().join("given"), None);
    place.options.master_key = Some(Key::new([1; 32]));
    assert_eq!(archive::restore(&file, &place, &mut nobody).unwrap().key, KeyState::Wrong);
}
