"""Load tests: pure clients of the wire contract that compare the transports by delivery.

`python -m loadtests` compares; `locust` in a checkout runs the same users by hand, with its web UI. Locust puts this
folder first on the path: nothing in it may have the name of a library. Modules are imported by their full names.
"""
