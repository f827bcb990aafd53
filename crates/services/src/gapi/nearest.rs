//! What somebody may have meant by a name that is none.

/// Names that differ in more letters than this are not what was meant.
const DISTANCE_MAX: usize = 4;

/// The name most like `name`, when one is like it.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_ascii_lowercase();
    let most = DISTANCE_MAX.min(name.chars().count() / 2);
    let near = names.map(|known| (strsim::osa_distance(&wanted, &known.to_ascii_lowercase()), known));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_nothing_far_off() {
        let names = ["maxResults", "pageToken", "q", "userId"];
        assert_eq!(nearest("maxresult", names.into_iter()), Some("maxResults"));
        assert_eq!(nearest("userid", names.into_iter()), Some("userId"));
        assert_eq!(nearest("colour", names.into_iter()), None);
        assert_eq!(nearest("x", names.into_iter()), None);
    }
}
