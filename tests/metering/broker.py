"""A real MQTT broker in a process of its own, on loopback, with a user and a password for every meter."""

import socket
import subprocess
import sys
import time

from pwdlib import PasswordHash

CONFIG = """
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.FileAuthPlugin:
    password_file: {folder}/users
  amqtt.plugins.topic_checking.TopicAccessControlListPlugin:
    publish_acl: {publish}
    acl: {subscribe}
"""


class BrokerProcess:
    """`users` is name to password; each but `azotea` may write to `azotea/<name>/#` only."""

    def __init__(self, folder, users):
        self.folder, self.process = folder, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        hasher = PasswordHash.recommended()
        (folder / "users").write_text(
            "".join(f"{name}:{hasher.hash(password)}\n" for name, password in users.items())
        )
        topics = {name: [f"azotea/{name}/#"] for name in users} | {"azotea": ["azotea/#"]}
        (folder / "broker.yaml").write_text(
            CONFIG.format(port=self.port, folder=folder, publish=topics, subscribe=topics).replace("'", '"')
        )

    def start(self):
        command = [sys.executable, "-m", "amqtt.scripts.broker_script", "-c", str(self.folder / "broker.yaml")]
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "broker.log").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
