//! `helpdesk`: its documented examples.
