"""Proofs that the client keeps to the protocol."""
