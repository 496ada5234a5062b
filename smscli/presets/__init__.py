"""Data shipped with smscli."""
