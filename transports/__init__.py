"""The chat and its transports: a log per room, and the ways a reader can hear of its next message."""
