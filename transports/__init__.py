"""The chat and its transports: a log per room, and the ways a reader can get its next message."""
