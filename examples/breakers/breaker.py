"""
A circuit breaker that a Python service shares with every other process and language through Redis, and that operators
see and steer with `qctl breaker`. It needs the standard library alone, and speaks the protocol of docs/breakers.md:

    from breaker import CircuitBreaker, CircuitOpenError

    breaker = CircuitBreaker("wazuh-api", "redis://127.0.0.1:6379", failureThreshold=5, openMs=60_000)
    breaker.start()                       # a thread that tells and looks once a second; or call sync() yourself
    try:
        alerts = breaker.call(lambda: fetch_alerts())
    except CircuitOpenError:
        alerts = cached

For one Redis (or one that Sentinel or a proxy leads to); what a cluster needs besides stands in docs/breakers.md.
"""

import json
import logging
import os
import random
import socket
import threading
import time
import uuid
from collections import deque
from pathlib import Path

from local import LocalBreaker
from resp import Redis, RedisAway, RedisError, Script

SCRIPTS = Path(__file__).resolve().parents[2] / "docs" / "breaker-scripts"
DEFAULTS = {
    "failureThreshold": 0, "minimumCalls": None, "windowMs": 60_000, "slowCallMs": 0, "slowCallRate": 50,
    "openMs": 60_000, "maxOpenMs": 300_000, "halfOpenProbes": 1, "successThreshold": 3, "probeTimeoutMs": 60_000,
    "instances": 1,
}
INDEX = "qctl:cb:index"
EVENTS = "qctl:cb:events"
FLUSH_SECONDS = 1.0  # what was counted is told, and what stands in Redis is looked at
HURRY_SECONDS = 0.1  # failures are told sooner, but not more often than this
INDEX_EVERY_MS = 60_000
ASK_AGAIN_MS = 100  # after a refused probe: a half-open breaker must not cost every call a round trip
RENEW_FOR = 5  # times probeTimeoutMs: a probe that hangs must not keep all others out for ever
MOST_REFUSALS = 3  # of a settle; it is sent again only after a sync that Redis has taken
log = logging.getLogger(__name__)


class CircuitOpenError(Exception):
    """The call was not made; `until_ms` is when a probe may go (ms since 1970), None where nobody can say."""

    def __init__(self, name, why, until_ms):
        super().__init__(f"circuit breaker {name} is {why}")
        self.name, self.why, self.until_ms = name, why, until_ms


class Permit:
    """
    That one call may go; it counts as long as nothing has moved, here (`epoch`) or in Redis (`version`). `lease` is set
    for a probe, `local` for one that this process alone has granted.
    """

    __slots__ = ("version", "epoch", "lease", "local")

    def __init__(self, version, epoch, lease=None, local=False):
        self.version, self.epoch, self.lease, self.local = version, epoch, lease, local


class CircuitBreaker:
    """
    One breaker in one process; threads may share it. Settings have the names that Redis has: `failureThreshold`,
    `openMs`, … An operator's settings (`qctl breaker set`) stand above them. `on_transition` is told by sync() of each
    move that this process has made; what it raises is logged.
    """

    def __init__(self, name, redis="redis://127.0.0.1:6379", *, scripts=SCRIPTS, on_transition=None, **settings):
        self.name = name
        self.instance = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.declared = {key: value for key, value in settings.items() if value is not None}
        self.on_transition = on_transition or (lambda move: None)
        self.untold = deque()  # moves that on_transition was not told of yet
        self.redis = Redis(redis) if isinstance(redis, str) else redis
        self.scripts = {verb: Script(Path(scripts) / f"{verb}.lua") for verb in ("sync", "admit", "settle", "restore")}
        self.keys = [f"qctl:{{cb:{name}}}:{part}" for part in ("state", "override", "config", "probe")] + [EVENTS]
        self.lock = threading.RLock()  # of what is known and counted; never held while Redis is asked
        self.wire = threading.Lock()  # of the connection: replies come in the order in which Redis has decided
        self.state, self.override, self.config = {}, {}, {}
        self.offset_ms = time.time() * 1000 - time.monotonic() * 1000
        self.met = False  # Redis has answered once
        self.trouble = "not asked yet"  # why Redis is away; None while it is there
        self.leases = {}  # of probes under way, by when they were granted (monotonic seconds)
        self.unsettled = {}  # how probes went that Redis was not told of yet, by lease
        self.refusals = {}  # of these, how often Redis has refused them
        self.ask_again_ms = 0
        self.indexed_ms = None
        self.counts = self._no_counts()
        self.local = LocalBreaker()
        self.stopped = threading.Event()
        self.wake = threading.Event()
        self.thread = None

    # What a program calls

    def call(self, function, *args, **kwargs):
        """Calls the function, and counts how it went. Raises CircuitOpenError where it may not go."""
        permit = self.allow()
        began = time.monotonic()
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            self.record(permit, "fail", (time.monotonic() - began) * 1000, error)
            raise
        except BaseException:
            self.record(permit, "none")
            raise
        self.record(permit, "ok", (time.monotonic() - began) * 1000)
        return result

    def allow(self):
        """A permit for one call, to be given to record() afterwards. Raises CircuitOpenError where it may not go."""
        with self.lock:
            verdict, why, until_ms = self._verdict()
            passing = Permit(self.version, self.local.epoch)
        if verdict == "probe":
            permit = self._ask_for_probe()
            if permit is not None:
                return permit
        elif verdict == "pass":
            return passing
        with self.lock:
            self.counts["rejected"] += 1
        raise CircuitOpenError(self.name, why, until_ms)

    def record(self, permit, outcome, duration_ms=0.0, error=None):
        """How the call went: `ok`, `fail`, or `none` where it says nothing about the other side."""
        text = self._text_of(error)
        with self.lock:
            slow_ms = self.setting("slowCallMs")
            slow = outcome != "none" and slow_ms > 0 and duration_ms > slow_ms
            if permit.lease is not None and not permit.local:
                self.leases.pop(permit.lease, None)
                self._note_end(permit.lease, permit.version, outcome, slow, text)
            elif (permit.version, permit.epoch) == (self.version, self.local.epoch):
                self._count(permit, outcome, slow, text)
        if permit.lease is not None and not permit.local:
            self._settle_all()
        elif slow or outcome == "fail":
            self.wake.set()

    def _count(self, permit, outcome, slow, text):
        if permit.lease is None and outcome != "none":
            self.counts[outcome] += 1
            self.counts["slow"] += slow
            self.counts["error"] = text or self.counts["error"]
        self.local.count(self.now_ms(), outcome, slow, self.setting)
        if self._mode() is None and self._decides_alone():
            self.local.settle(self.now_ms(), permit.lease, outcome, slow, self.setting)

    def sync(self):
        """Flushes what was counted and looks what stands in Redis. True where Redis has answered."""
        with self.lock:
            sent, self.counts = self.counts, self._no_counts()
            request = {"version": self.version, "random": random.random(), "leases": self._leases_to_keep()}
            request |= {key: value for key, value in sent.items() if value}
            if self.declared and not self.met:
                request["declared"] = self.declared
        # What cannot be sent is not kept: counted an hour later, it would open the breaker of a healthy service.
        reply = self._run("sync", request)
        if reply is not None:
            self._keep_in_index(int(reply[0]))
            self._settle_all()
        self._tell_of_moves()
        return reply is not None

    def start(self):
        """Starts the thread that calls sync() once a second."""
        self.thread = threading.Thread(target=self._flush_for_ever, name=f"breaker-{self.name}", daemon=True)
        self.thread.start()
        return self

    def close(self):
        """Ends the thread, and flushes once more."""
        self.stopped.set()
        self.wake.set()
        if self.thread is not None:
            self.thread.join()
        self.sync()
        self.redis.close()

    def status(self):
        """What is known, for a health page."""
        with self.lock:
            verdict, why, until_ms = self._verdict()
            return {
                "name": self.name, "verdict": verdict, "why": why, "untilMs": until_ms, "state": self.known_state,
                "override": self._mode(), "version": self.version, "redis": self.trouble or "ok",
            }

    # What is known

    @property
    def version(self):
        return int(self.state.get("version", 0))

    @property
    def known_state(self):
        if self.trouble is not None:
            return self.local.state_at(self.now_ms())
        return self.state.get("state", "closed")

    def now_ms(self):
        """The clock of Redis, as far as it is known."""
        return time.monotonic() * 1000 + self.offset_ms

    def setting(self, key):
        """As the scripts understand it: an operator's, else what a program has declared, else the default."""
        given = self.config.get(f"set:{key}", self.config.get(f"declared:{key}"))
        if given is None and not self.met:
            given = self.declared.get(key)
        if given is not None:
            return float(given)
        if key == "failureRate":
            return 0 if self.setting("failureThreshold") > 0 else 50
        return DEFAULTS[key]

    def _decides_alone(self):
        """While Redis is away, and beside the others where one process's trouble must not open it for all."""
        return self.trouble is not None or self.setting("instances") > 1

    def _mode(self):
        until = float(self.override.get("until", 0))
        return None if 0 < until <= self.now_ms() else self.override.get("mode")

    def _verdict(self):
        """`pass`, `reject` or `probe`, why, and until when. An override stands above the state."""
        mode, now = self._mode(), self.now_ms()
        if mode is not None:
            until = float(self.override.get("until", 0)) or None
            return ("reject" if mode == "open" else "pass"), f"held {mode}", until
        state = self.state.get("state", "closed")
        if self.trouble is not None or (state == "closed" and self._decides_alone()):
            return self.local.verdict(now)
        if state == "closed":
            return "pass", state, None
        due = float(self.state.get("halfOpenAt") or 0)
        waits = state == "open" and now < due <= now + float(self.state.get("openMs", 0))
        if waits or now < self.ask_again_ms:
            return "reject", state, due or None
        return "probe", state, due or None

    # Redis

    def _run(self, verb, request):
        """Runs a script and takes in its reply; None where Redis is away."""
        with self.wire:
            with self.lock:
                request = {"instance": self.instance, "rev": int(self.config.get("rev", 0)), **request}
            try:
                reply = self.redis.run(self.scripts[verb], self.keys, [self.name, json.dumps(request)])
            except (RedisAway, RedisError) as error:
                self._redis_is_away(str(error))
                if verb == "settle" and isinstance(error, RedisError):
                    self._note_refusal(request["lease"], error)
                return None
            # Taken in before another thread can ask: a reply that came late must not pass for data that Redis lost.
            with self.lock:
                lost = self._take_in(reply)
        if lost is not None:
            self.indexed_ms = None
            self._run("restore", lost)
        return reply

    def _take_in(self, reply):
        """Makes the reply what is known. Returns what Redis has lost, None where it has lost nothing."""
        state, override, config = (dict(zip(flat[::2], flat[1::2])) for flat in reply[1:4])
        if self.met and int(state.get("seq", 0)) < int(self.state.get("seq", 0)):
            return {"state": self.state, "override": self.override, "config": self.config}
        moves = self._own_moves(state)
        if moves:
            self.untold.extend(moves)
            self.wake.set()
        if int(state.get("version", 0)) != self.version:
            self.counts = self._no_counts() | {"rejected": self.counts["rejected"]}
            self.ask_again_ms = 0
            self.local.begin("closed", 0)
            self.local.forget_counts()
        self.state, self.override, self.config = state, override, config or self.config
        self.offset_ms = float(reply[0]) - time.monotonic() * 1000
        if self.trouble is not None:
            self.local.begin("closed", 0)
        self.met, self.trouble = True, None
        return None

    def _own_moves(self, state):
        """Of the last four moves those that are new and made by this process, the oldest first: nobody else tells of them."""
        moves = []
        for entry in reversed(state.get("made", "").split()):
            version, before, after, cause, instance = entry.split(":", 4)
            if int(version) > self.version and instance == self.instance:
                moves.append({"version": int(version), "from": before, "to": after, "cause": cause})
        return moves

    def _tell_of_moves(self):
        """By sync() alone: neither a call nor a probe's lease may hang on what a program does there."""
        while True:
            with self.lock:
                if not self.untold:
                    return
                move = self.untold.popleft()
            try:
                self.on_transition(move)
            except Exception:
                log.exception("on_transition of circuit breaker %s", self.name)

    def _redis_is_away(self, why):
        self.redis.close()  # the next command may reach another server, such as the new primary
        self.indexed_ms = None
        with self.lock:
            was_there, self.trouble = self.trouble is None, why
            if was_there:
                # It goes on from what is known: what is open stays open until a probe is due.
                self.local.begin(self.state.get("state", "closed"), float(self.state.get("halfOpenAt") or 0))

    def _keep_in_index(self, server_ms):
        if self.indexed_ms is not None and 0 <= server_ms - self.indexed_ms < INDEX_EVERY_MS:
            return
        with self.wire:
            try:
                self.redis.command("ZADD", INDEX, "GT", server_ms, self.name)
                self.indexed_ms = server_ms
            except (RedisAway, RedisError) as error:
                self._redis_is_away(str(error))

    def _ask_for_probe(self):
        lease = f"{self.instance}-{uuid.uuid4().hex[:8]}"
        with self.lock:
            if self._verdict_is_local():
                return self._local_probe(lease)
        reply = self._run("admit", {"lease": lease})
        with self.lock:
            if reply is None:
                # It may have been granted all the same: given back, so that somebody else gets it.
                self._note_end(lease, 0, "none", False, "")
                return self._local_probe(lease)
            if int(reply[4]) == 1:
                self.leases[lease] = time.monotonic()
                return Permit(self.version, self.local.epoch, lease)
            if self._verdict()[0] == "pass":
                return Permit(self.version, self.local.epoch)
            self.ask_again_ms = self.now_ms() + ASK_AGAIN_MS
        return None

    def _leases_to_keep(self):
        oldest = time.monotonic() - RENEW_FOR * self.setting("probeTimeoutMs") / 1000
        self.leases = {lease: granted for lease, granted in self.leases.items() if granted >= oldest}
        return sorted(self.leases)

    def _verdict_is_local(self):
        return self.trouble is not None or self.state.get("state", "closed") == "closed"

    def _local_probe(self, lease):
        patience = RENEW_FOR * self.setting("probeTimeoutMs")
        if not self.local.admit(self.now_ms(), lease, patience):
            return None
        return Permit(self.version, self.local.epoch, lease, True)

    def _note_end(self, lease, version, outcome, slow, text):
        end = {"lease": lease, "version": version, "outcome": outcome, "random": random.random()}
        self.unsettled[lease] = end | ({"slow": True} if slow else {}) | ({"error": text} if text else {})

    def _settle_all(self):
        """Only the first one for a lease counts, so that it can be sent until Redis has answered."""
        with self.lock:
            waiting = list(self.unsettled.items()) if self.trouble is None else []
        for lease, end in waiting:
            if self._run("settle", end) is None:
                return
            self._forget_end(lease)

    def _note_refusal(self, lease, error):
        """Its lease lapses by itself; sent for ever, it would make Redis look away once a second."""
        with self.lock:
            if lease not in self.unsettled:
                return
            self.refusals[lease] = self.refusals.get(lease, 0) + 1
            if self.refusals[lease] >= MOST_REFUSALS:
                log.error("circuit breaker %s: Redis does not take how a probe went: %s", self.name, error)
                self._forget_end(lease)

    def _forget_end(self, lease):
        with self.lock:
            self.unsettled.pop(lease, None)
            self.refusals.pop(lease, None)

    def _flush_for_ever(self):
        while not self.stopped.is_set():
            try:
                self.sync()
            except BaseException as error:  # without this thread the process would share nothing, and nobody would know
                log.exception("flush of circuit breaker %s", self.name)
                with self.wire:
                    self._redis_is_away(f"{type(error).__name__}: {error}")
            self.stopped.wait(HURRY_SECONDS)
            self.wake.wait(FLUSH_SECONDS * random.uniform(0.8, 1.0))
            self.wake.clear()

    @staticmethod
    def _no_counts():
        return {"ok": 0, "fail": 0, "slow": 0, "rejected": 0, "error": ""}

    @staticmethod
    def _text_of(error):
        """For operators: the kind of error alone, since messages may hold addresses, payloads and secrets."""
        return type(error).__name__ if error is not None else ""
