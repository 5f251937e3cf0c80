"""Measurements that compare in one run on one machine; `python -m benchmarks [NAME ...]` runs them."""
