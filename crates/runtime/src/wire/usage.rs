//! What runs and calls have used, over the wire.

use fermata_model::usage;
use serde::Serialize;
use utoipa::ToSchema;

/// What a run has used so far.
#[derive(Serialize, ToSchema)]
pub(crate) struct Used {
    /// Calls made, but for those that touch nothing but the run itself.
    calls: u64,
    /// Bytes of the arguments and of the results of these calls, as JSON.
    bytes: u64,
    /// Tokens read and written, where providers count them.
    tokens: u64,
    /// What providers say it costs, in US dollars.
    cost_usd: f64,
}

impl From<&usage::Used> for Used {
    fn from(used: &usage::Used) -> Self {
        let usage::Used { calls, bytes, tokens, cost_micros } = *used;
        Self { calls, bytes, tokens, cost_usd: dollars(cost_micros) }
    }
}

/// What a call took of a provider that counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Tokens read.
    input_tokens: u64,
    /// Tokens written.
    output_tokens: u64,
    /// What the provider says it costs, in US dollars.
    cost_usd: Option<f64>,
}

impl From<&usage::Usage> for Usage {
    fn from(usage: &usage::Usage) -> Self {
        let usage::Usage { input_tokens, output_tokens, cost_micros } = *usage;
        Self { input_tokens, output_tokens, cost_usd: cost_micros.map(dollars) }
    }
}

fn dollars(micros: u64) -> f64 {
    micros as f64 / 1e6
}
