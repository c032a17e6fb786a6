//! The ledger's rules as a pure, synchronous state machine.
