"""The process in which the learner's file runs, and what is read from its end."""
