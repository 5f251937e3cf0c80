"""The next server: `port` says what the relay needs of it, one module each for the adapters."""
