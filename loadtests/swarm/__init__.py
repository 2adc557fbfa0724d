"""The swarm: what the users of all transports share inside Locust. Beside rows and shapes, Locust lives here alone."""
