//! Frames and HTTP bodies of `helpdesk`.
