//! `paperlark bounce`.

use std::io::{IsTerminal, Read};

use clap::Args;

use super::{TryAgain, Usage, output};
use crate::App;
use crate::inbound::{self, Inbound, Taken};
use crate::subscriber::Consequence;

/// A mail, in bytes: what the listener takes too.
const MAX_MESSAGE_BYTES: u64 = 4 << 20;

#[derive(Debug, Args)]
pub(super) struct Bounce {
    /// The address the mail came to, if its own fields do not tell
    #[arg(long, value_name = "ADDRESS", env = "ORIGINAL_RECIPIENT", hide_env = true)]
    to: Option<String>,
}

impl Bounce {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let mut stdin = std::io::stdin();
        if stdin.is_terminal() {
            return Err(Usage("give the mail on standard input: paperlark bounce < message".into()).into());
        }
        let mut message = Vec::new();
        stdin.by_ref().take(MAX_MESSAGE_BYTES + 1).read_to_end(&mut message)?;
        if message.len() as u64 > MAX_MESSAGE_BYTES {
            return Err(Usage(format!("the mail is larger than {MAX_MESSAGE_BYTES} bytes")).into());
        }
        let recipients = match &self.to {
            Some(address) => Inbound::of_address(app, address).into_iter().collect(),
            None => inbound::recipients(app, &message),
        };
        if recipients.is_empty() {
            return Err(Usage(
                "the mail did not come to a bounce or unsubscribe address that this service gave out; name it with --to".into(),
            )
            .into());
        }
        for recipient in &recipients {
            let taken = inbound::take(app, app.clock.now(), recipient, &message).await.map_err(|error| TryAgain(error.to_string()))?;
            output::print(match taken {
                Taken::Unsubscribed => "The reader is unsubscribed.\n",
                Taken::Report(Consequence::Suppressed) => "Noted; no mail goes to that address any more.\n",
                Taken::Report(Consequence::Noted) => "Noted.\n",
                Taken::Report(Consequence::Nothing) => "Known already, or the reader is gone.\n",
                Taken::Ignored => "Nothing to act on: no bounce and no complaint.\n",
            })?;
        }
        Ok(())
    }
}
