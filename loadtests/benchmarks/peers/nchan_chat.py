"""Nchan: nginx with its module, one process; a WebSocket publishes and reads at /chat."""

import os
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
CONFIGURATION = """
load_module {module};
daemon off; master_process off; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 20000; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /chat {{
      nchan_pubsub websocket; nchan_channel_id chat; nchan_subscriber_first_message newest;
      nchan_message_buffer_length 5000;
    }}
  }}
}}
"""

if not MODULE.exists():
    sys.exit("nginx has no Nchan: apt install libnginx-mod-nchan")
with socket.create_server(("127.0.0.1", 0)) as bound:
    port = bound.getsockname()[1]
folder = tempfile.mkdtemp()
file = Path(folder) / "nginx.conf"
file.write_text(CONFIGURATION.format(module=MODULE, folder=folder, port=port))
if os.fork():
    os.execvp("nginx", ["nginx", "-p", folder, "-e", "stderr", "-c", str(file)])
for _ in range(100):
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        print(f":{port}/", flush=True)
        break
    time.sleep(0.05)
os._exit(0)
