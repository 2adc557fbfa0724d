"""The tutorial site, served by the very server that it explains."""
