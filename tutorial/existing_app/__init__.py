"""An ordinary web shop, of the kind that you may have already: Flask, SQLite, one thread a request.

It knows nothing of Tornado, and imports nothing of the chat. Three things join it to the chat: a table of what is
still to be sent (`outbox`), a process that sends it (`relay`), and a token for its customer's page (`shop.ticket`).
"""
