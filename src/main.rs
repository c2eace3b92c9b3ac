//! The `paperlark` program: parses the command line and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    paperlark::cli::main()
}
