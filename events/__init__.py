"""What happened to a message, and how it is kept until the database has it.

`model` is the vocabulary, `record_format` its JSON form, `journal` writes records so that they survive the
death of the process, `shipping` brings them to an `EventStore` (`ports`) and frees the journal.
docs/durability.md says what survives what.
"""
