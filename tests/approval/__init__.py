"""Supervised mode."""
