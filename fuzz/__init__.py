"""Fuzzing: what must never happen, tried with inputs nobody wrote."""
