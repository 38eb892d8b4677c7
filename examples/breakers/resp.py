"""A connection to Redis of the Python standard library alone: RESP2 over a socket, with TLS, a password and scripts."""

import hashlib
import os
import socket
import ssl
from urllib.parse import unquote, urlsplit


class RedisError(Exception):
    """Redis refused a command; the text is its reply."""


class RedisAway(Exception):
    """Redis was not reached, or the connection was lost before the whole reply was there."""


class Script:
    """A Lua script and the SHA-1 by which the server knows it once it has run."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.lua = file.read()
        self.sha = hashlib.sha1(self.lua.encode()).hexdigest()


class Redis:
    """
    One connection, for one thread at a time. It is opened by the first command, and anew by the next one after it
    was lost. User and password come from the URL or from REDIS_USERNAME and REDIS_PASSWORD; REDIS_TLS_CA is a file of
    certificates to trust with rediss://.
    """

    def __init__(self, url="redis://127.0.0.1:6379", timeout=1.0):
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self.tls = parts.scheme == "rediss"
        self.database = parts.path.strip("/")
        self.user = unquote(parts.username or "") or os.environ.get("REDIS_USERNAME", "")
        self.password = unquote(parts.password or "") or os.environ.get("REDIS_PASSWORD", "")
        self.timeout = timeout
        self.socket = None
        self.file = None

    def command(self, *words):
        """Sends one command and returns its reply. Raises RedisError or RedisAway."""
        try:
            if self.socket is None:
                self._connect()
            return self._ask(words)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise RedisAway(f"{type(error).__name__}: {error}") from error

    def run(self, script, keys, args):
        """Runs a script by its SHA-1; a server that does not know it yet, or not any more, gets the text."""
        rest = [len(keys), *keys, *args]
        try:
            return self.command("EVALSHA", script.sha, *rest)
        except RedisError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
            return self.command("EVAL", script.lua, *rest)

    def close(self):
        for one in (self.file, self.socket):
            try:
                if one is not None:
                    one.close()
            except OSError:
                pass
        self.socket = self.file = None

    def _connect(self):
        plain = socket.create_connection(self.address, self.timeout)
        if self.tls:
            context = ssl.create_default_context(cafile=os.environ.get("REDIS_TLS_CA"))
            plain = context.wrap_socket(plain, server_hostname=self.address[0])
        self.socket = plain
        self.file = plain.makefile("rb")
        try:
            if self.password:
                self._ask(["AUTH", *([self.user] if self.user else []), self.password])
            if self.database:
                self._ask(["SELECT", self.database])
        except RedisError:
            self.close()
            raise

    def _ask(self, words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))
        reply = self._reply()
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def _reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the connection was closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            return RedisError(rest.decode(errors="replace"))
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return None if rest == b"-1" else [self._reply() for _ in range(int(rest))]
        if kind != b"$":
            raise ValueError("this is no Redis")
        if rest == b"-1":
            return None
        data = self.file.read(int(rest) + 2)
        if len(data) != int(rest) + 2:
            raise EOFError("the connection was closed")
        return data[:-2].decode(errors="replace")
