"""What the API is given, and how it is served."""
