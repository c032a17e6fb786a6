//! Mechanisms of topics against what others computed.

mod plain_synthesis;
mod synthesis;
