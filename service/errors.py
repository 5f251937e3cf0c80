"""What the operator did, or the machine is like, that keeps Waypost from working: told in one line.

OperatorError
├── SettingsError  (service.settings_checks) a key or value of the settings
├── KeyFileError   (service.key_file) the key ring's file
└── StartError     (service.run) a port in use, a folder that cannot be written
"""


class OperatorError(Exception):
    """The message is one line for the operator that says what is wrong and how to mend it."""
