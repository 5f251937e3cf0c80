"""SparkPost's API for tracking domains and sending domains, so that its client libraries work here.

Paths, words and codes are SparkPost's (docs/sparkpost.md); what is done is what the use cases do.
"""

PREFIX = "/compat/sparkpost/api/v1"
