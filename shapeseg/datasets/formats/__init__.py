"""Formats of other people: each file reads and writes one; ``convert`` joins them."""
