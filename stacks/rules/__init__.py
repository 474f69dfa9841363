"""Rules across sections; each yields every problem it finds."""
