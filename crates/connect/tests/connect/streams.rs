//! Redaction in pieces is redaction of the whole, and holds back no more than it must.

use fermata_connect::redact::Redactor;
use proptest::prelude::*;
use zeroize::Zeroizing;

proptest! {
    #[test]
    fn property_pieces_are_redacted_as_the_whole(
        secrets in proptest::collection::vec("[abB]{1,6}", 0..4),
        pieces in proptest::collection::vec("[abBc]{0,8}", 0..12),
    ) {
        let redactor = redactor(&secrets);
        let mut stream = redactor.stream();
        let mut given: Vec<u8> = pieces.iter().flat_map(|piece| stream.next(piece.clone().into())).collect();
        given.extend_from_slice(&stream.last(&[]));
        prop_assert_eq!(String::from_utf8(given).unwrap(), redactor.text(&pieces.concat()));
    }

    #[test]
    fn property_nothing_of_a_secret_is_left(
        secrets in proptest::collection::vec("[ab]{2,5}", 1..4),
        text in "[abc]{0,40}",
    ) {
        let redacted = redactor(&secrets).text(&text);
        let left = redacted.replace("[redacted]", "|");
        for secret in &secrets {
            prop_assert!(!left.contains(secret), "{secret} in {redacted}");
        }
    }
}

#[test]
fn what_begins_no_secret_is_given_at_once() {
    let mut stream = redactor(&["secret".to_owned()]).stream();
    assert_eq!(stream.next("data: 1\n\n".into()), "data: 1\n\n");
    assert_eq!(stream.next("a sec".into()), "a ");
    assert_eq!(stream.next("t se".into()), "sect ");
    assert_eq!(stream.next("CRET!".into()), "[redacted]!");
    assert_eq!(stream.last(b"s"), b"s");
}

fn redactor(secrets: &[String]) -> Redactor {
    Redactor::new(secrets.iter().map(|secret| Zeroizing::new(secret.clone().into_bytes()))).unwrap()
}
