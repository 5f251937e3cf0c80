"""Certificates of tracking domains: for whom, when, and how the tracker comes by them."""
