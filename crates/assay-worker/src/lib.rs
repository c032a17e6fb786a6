//! The provider: watches orders, executes, delivers.
