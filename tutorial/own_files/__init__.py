"""Own files: the running chat with a learner's file in place of a part of ours (`python -m tutorial --mine 4`).

Nothing here runs unless the command line asks for it, and no code travels over HTTP. The check of an exercise judges
its file; here the file serves real readers, and what goes wrong stands in the terminal and on the chat's page.
"""
