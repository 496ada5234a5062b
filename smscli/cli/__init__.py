"""The face. The only room with typer and rich, and the one that wires the others together."""
