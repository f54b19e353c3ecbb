"""Tests of understanding: Message → Intent."""
