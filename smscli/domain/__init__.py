"""What smscli decides and why. Pure: no operator files, no network, no clock."""
