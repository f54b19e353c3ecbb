"""Letters put into words."""
