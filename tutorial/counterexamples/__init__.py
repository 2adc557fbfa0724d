"""Handlers that are wrong on purpose: what a reader would write first, kept so that a test can show how it fails.

Only the tutorial serves them, each at an address of its own; the chat's table of transports knows nothing of them.
"""
