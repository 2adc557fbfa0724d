"""Finds the exercises, starts their checks, and keeps and prints what comes of them."""
