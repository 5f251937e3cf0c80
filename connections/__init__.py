"""Accepted connections: who is at the other end, and how many there are of one address."""
