"""What relay and tracker hold in memory, kept as fresh as the database and the files are."""
