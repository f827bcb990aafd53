//! Why a store does not open, and what a person can do about it.

use fermata_store::OpenError;

use crate::exit::{Exit, Failure, with_causes};

/// The failure for the user.
pub(crate) fn explain(error: &OpenError) -> Failure {
    let failure = Failure::new(exit(error), with_causes(error));
    advice(error).iter().fold(failure, |failure, line| failure.note(line.as_str()))
}

fn exit(error: &OpenError) -> Exit {
    match error {
        OpenError::WrongMasterKey
        | OpenError::MasterKeyMissing { .. }
        | OpenError::MasterKeyMalformed { .. }
        | OpenError::Login { .. }
        | OpenError::NoDatabase { .. }
        | OpenError::OlderSchema { .. } => Exit::BadConfiguration,
        _ => Exit::Io,
    }
}

fn advice(error: &OpenError) -> Vec<String> {
    match error {
        OpenError::InUse { pid, .. } => {
            let stop = pid.map_or("stop it".to_owned(), |pid| format!("stop it (kill {pid})"));
            vec![format!("{stop}, or choose another folder with --data (FERMATA_DATA)")]
        }
        OpenError::ReadOnly { .. } => vec![
            "give this user the folder (chown, chmod), or choose another with --data (FERMATA_DATA)".to_owned(),
        ],
        OpenError::Full { .. } => vec!["free some room on that disk and start again; nothing is lost".to_owned()],
        OpenError::Corrupt { path, .. } => {
            let folder = path.parent().unwrap_or(path).display();
            vec![
                "nothing was changed".to_owned(),
                "if there is a backup: move the files fermata.db, fermata.db-wal and fermata.db-shm away together,"
                    .to_owned(),
                format!("  put the backup's in their place, then check it: fermata doctor --data {folder}"),
                format!("to save what can be read: sqlite3 {} .recover > recovered.sql", path.display()),
            ]
        }
        OpenError::WrongMasterKey => vec![
            "give the right one in FERMATA_MASTER_KEY or FERMATA_MASTER_KEY_FILE,".to_owned(),
            "or unset both when the key is the file master.key in the data folder".to_owned(),
        ],
        OpenError::MasterKeyMissing { .. } => vec![
            "put the file back from your backup, or give the key in FERMATA_MASTER_KEY or FERMATA_MASTER_KEY_FILE"
                .to_owned(),
            "without it what is sealed in the database cannot be read".to_owned(),
        ],
        OpenError::MasterKeyMalformed { .. } => vec!["put the right file back from your backup".to_owned()],
        OpenError::Unreachable { .. } => vec![
            "is the server running, and is the address in --database (FERMATA_DATABASE_URL) right?".to_owned(),
        ],
        OpenError::Login { .. } => {
            vec!["user and password are part of the address in --database (FERMATA_DATABASE_URL)".to_owned()]
        }
        OpenError::OlderSchema { .. } => {
            vec!["stop the nodes of the older version first; `fermata migrate status` shows what is missing".to_owned()]
        }
        OpenError::NoDatabase { .. }
        | OpenError::OldServer { .. }
        | OpenError::NewerSchema { .. }
        | OpenError::Server { .. }
        | OpenError::Objects { .. }
        | OpenError::Io { .. }
        | OpenError::Database { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_the_folder_is_named() {
        let failure = explain(&OpenError::InUse { folder: "/data".into(), pid: Some(42) });
        assert_eq!(failure.exit, Exit::Io);
        assert!(
            failure.message.contains("process 42") && failure.notes[0].contains("kill 42"),
            "{failure:?}"
        );
    }

    #[test]
    fn a_wrong_key_is_a_matter_of_configuration() {
        let failure = explain(&OpenError::WrongMasterKey);
        assert_eq!(failure.exit, Exit::BadConfiguration);
        assert!(failure.notes[0].contains("FERMATA_MASTER_KEY"), "{failure:?}");
    }
}
