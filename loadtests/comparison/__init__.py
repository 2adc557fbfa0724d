"""The comparison: each case of a plan on a fresh server with a fresh Locust, one after the other."""
