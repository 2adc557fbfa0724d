"""What the exercises' checks share: clients, servers and clocks to try a learner's file with."""
