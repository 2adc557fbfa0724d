"""Load tests: pure clients of the wire contract that compare the transports by delivery."""
