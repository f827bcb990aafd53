//! Services for which the server logs in by itself, with what the keystore has.

use fermata_testkit::postgres::Database;
use fermata_testkit::smtp::{Setup, SmtpPeer};

use crate::program::{Place, finish_with, first_task};

#[test]
fn databases_and_mail_servers_are_those_of_the_keystore() {
    let (place, database) = (Place::new(), Database::create().unwrap());
    let peer = SmtpPeer::start(Setup { mechanisms: "PLAIN".into(), ..Setup::default() }).unwrap();
    let server = place.serve_with(&["--egress-allow-private", "127.0.0.0/8"]);
    let set = |name: &str, kind: &str, text: &str| {
        let set = place.asking(&server, ["keystore", "set", name, "--kind", kind]);
        finish_with(set, text).with_code(0);
    };
    set("SQL_URL", "secret", database.url());
    set("MAIL_SMTP_URL", "value", &format!("smtp://127.0.0.1:{}", peer.port()));
    set("MAIL_SMTP_USER", "value", "ann");
    set("MAIL_SMTP_PASSWORD", "secret", "secret");
    set("MAIL_FROM", "value", "Shop <shop@example.com>");

    let greet = place.file("greet.js", first_task(include_str!("../../../../docs/services/sql.md")));
    let ended = place.ask(&server, ["run", &greet, "--input", "{\"name\": \"Ada\"}"]).with_code(0);
    assert_eq!(ended.stdout, "\"Hello Ada, for the 1. time\"\n");
    let rows = database.query_text("select name, times from greetings").unwrap();
    assert_eq!(rows, [[Some("Ada".to_owned()), Some("1".to_owned())]]);

    let report = place.file("report.js", first_task(include_str!("../../../../docs/services/mail.md")));
    let input = "{\"to\": \"ada@example.com\", \"rows\": [[\"a\", \"b\"]]}";
    let ended = place.ask(&server, ["run", &report, "--input", input]).with_code(0);
    let [mail] = &peer.take()[..] else { panic!("one message") };
    assert_eq!(
        (mail.user.as_deref(), mail.to.as_slice()),
        (Some("ann"), &["<ada@example.com>".to_owned()][..])
    );
    let data = String::from_utf8(mail.data.clone()).unwrap();
    assert!(data.contains("report.csv") && data.contains("a;b"), "{data}");
    let id = ended.stdout.trim().trim_matches('"');
    assert!(data.contains(&format!("Message-ID: {id}\r\n")), "{id} {data}");
}
