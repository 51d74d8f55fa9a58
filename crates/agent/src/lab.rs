//! `bruit lab`.
