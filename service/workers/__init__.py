"""Worker processes: relay and tracker on several cores, and the checks of domains apart from both."""
