//! Request and response types of the node's HTTP interface.
