"""Worker processes: the relay on several cores, on connections that the parent process accepts."""
