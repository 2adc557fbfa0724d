"""Choosing: which transport a workload asks for, computed from what this machine has measured.

`workload` is what the reader knows, `measured_costs` what the machine is like, `rules` the recommendation, and
`card` what would change it.
"""
