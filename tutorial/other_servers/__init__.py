"""The chat by others: servers that know the wire contract and nothing of this project, each in one file."""
