"""Shapes: how many users there are, over time. Each is in a file of its own.

A shape in a loaded file switches itself on, so none is loaded unless it is named:
`locust -f loadtests/websockets.py,loadtests/shapes/ramp.py --headless -u 1000`.
"""
