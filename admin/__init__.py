"""The command line for operators: one file a group, every command thin, the work in the layers below."""
