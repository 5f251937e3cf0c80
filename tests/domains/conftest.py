from hypothesis import settings

# The same examples in every run, and no verdict by the clock: the machine may be busy with other tests.
settings.register_profile("deterministic", deadline=None, derandomize=True)
settings.load_profile("deterministic")
