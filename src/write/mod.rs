//! Writes cleaned text, ledger and findings, and puts them back together.
