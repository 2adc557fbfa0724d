"""Experiments that the site starts: the knee, and response time against delivery."""
