//! Reports of mail providers.
