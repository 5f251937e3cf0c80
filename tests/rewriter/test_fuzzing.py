import random
from itertools import islice

from fuzz.rewriting import mutants, seeds, try_one


def test_every_seed_holds() -> None:
    for message in seeds():
        try_one(message)


def test_some_mutants_hold() -> None:
    for message in islice(mutants(seeds(), random.Random(2)), 1000):
        try_one(message)
