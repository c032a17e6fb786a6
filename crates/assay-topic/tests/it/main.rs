//! Mechanisms of topics against what others computed.

mod synthesis;
