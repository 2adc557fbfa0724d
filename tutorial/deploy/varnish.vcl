# A cache that multiplies long polling, in Varnish 6 or newer: as nginx_cache.conf, but who waits is answered at once.
# Start the chat with --cacheable, and Varnish with: varnishd -a :80 -f /etc/varnish/chat.vcl

vcl 4.1;

backend chat {
    .host = "127.0.0.1";
    .port = "8888";
    .first_byte_timeout = 60s;  # above the longest hold
}

sub vcl_recv {
    if (req.http.Upgrade) {
        return (pipe);          # a WebSocket
    }
    # Only a place in the log means the same for everybody; a private room is nobody else’s.
    if (req.url !~ "^/rooms/[^/]+/long-polling\?" || req.url !~ "[?&]cursor=[0-9a-f]+(:|%3A)"
        || req.url ~ "[?&]token=" || req.http.Authorization) {
        return (pass);
    }
    unset req.http.Cookie;
    return (hash);
}

sub vcl_hash {
    # The address without what differs from reader to reader: the pages’ own label.
    hash_data(regsub(req.url, "([?&])client=[^&]*&?", "\1"));
    return (lookup);
}

sub vcl_backend_response {
    set beresp.grace = 0s;      # an answer that is too old is not given out while a new one is fetched
}

sub vcl_pipe {
    set bereq.http.Upgrade = req.http.Upgrade;
    set bereq.http.Connection = req.http.Connection;
}
