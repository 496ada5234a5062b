"""The wire. The only room with HTTP."""
