"""smscli: send bulk SMS campaigns safely from the command line."""

__version__ = "0.1.0"
