"""A client of the wire contract, without Locust: what speaks to a server, and checks what comes."""
