"""Validation reports for people, and for tools that show them."""
