//! Every key.
