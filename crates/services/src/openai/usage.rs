//! What a call took: tokens, and cost where the provider tells it.

use serde::Deserialize;

use fermata_model::usage::Usage;

/// The part of an answer that says so. Chat and responses use different words; OpenRouter adds the cost in dollars.
#[derive(Deserialize)]
struct Told {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(alias = "prompt_tokens")]
    input_tokens: Option<u64>,
    #[serde(alias = "completion_tokens")]
    output_tokens: Option<u64>,
    cost: Option<f64>,
}

/// Reads it from an answer's JSON text; `None` where the provider does not tell.
pub(super) fn read(text: &str) -> Option<Usage> {
    let counts = serde_json::from_str::<Told>(text).ok()?.usage?;
    let cost = counts.cost.filter(|cost| cost.is_finite() && *cost >= 0.0);
    Some(Usage {
        input_tokens: counts.input_tokens.unwrap_or(0),
        output_tokens: counts.output_tokens.unwrap_or(0),
        // A float as an integer stops at the largest one.
        cost_micros: cost.map(|dollars| (dollars * 1e6).round() as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_words_are_read() {
        let chat = read(r#"{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#).unwrap();
        let response = read(r#"{"usage":{"input_tokens":3,"output_tokens":4}}"#).unwrap();
        assert_eq!(chat, response);
        assert_eq!((chat.input_tokens, chat.output_tokens, chat.cost_micros), (3, 4, None));
    }

    #[test]
    fn cost_is_in_millionths_of_a_dollar() {
        let cost = |text: &str| {
            read(&format!(r#"{{"usage":{{"prompt_tokens":1,"cost":{text}}}}}"#)).unwrap().cost_micros
        };
        assert_eq!(cost("0.00014"), Some(140));
        assert_eq!(cost("-1"), None);
        assert_eq!(cost("1e300"), Some(u64::MAX));
        assert_eq!(read("{}"), None);
        assert_eq!(read("nonsense"), None);
    }
}
