"""The laboratory: what the experiments ask of the server, for a reader at this machine alone."""
