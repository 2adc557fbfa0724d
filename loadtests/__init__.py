"""Load tests: pure clients of the wire contract that compare the transports by delivery.

`python -m loadtests` compares; `locust` in a checkout runs the same users by hand, with its web UI.

Inside Locust (these import it, which replaces sockets and threads: never import them elsewhere)
    short_polling, long_polling, websockets, server_sent_events   the users, a locustfile a transport
    reader, options, publisher, conductor, window, load, tab      what they share
    shapes/                                                       how many users, over time
Outside, and in tests
    cells → comparison → server, generator                        what is measured, and the processes that do it
    calibration → model                                           what it ought to cost
    results, measured (rounds) → findings → report (plots, charts), terminal
For the site
    results.last(), report.render(), report.context(), progress.progress(), and files.FOLDER
"""
