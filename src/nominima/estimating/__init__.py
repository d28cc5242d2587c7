"""What a rebuild costs before it starts."""
