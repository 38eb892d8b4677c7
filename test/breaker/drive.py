"""Drives examples/breakers/breaker.py for a test: a JSON command a line in, a JSON answer a line out."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "breakers"))
from breaker import CircuitBreaker, CircuitOpenError  # noqa: E402

moves = []
permits = {}
broken = []
first = json.loads(sys.stdin.readline())


def on_transition(move):
    moves.append(move)
    if broken:
        raise broken[-1]


breaker = CircuitBreaker(first["name"], first["url"], on_transition=on_transition, **first["settings"])


def call(fails):
    def function():
        if fails:
            raise TimeoutError("password=hunter2")
        return "answer"

    try:
        return breaker.call(function)
    except TimeoutError:
        return "failed"
    except CircuitOpenError as error:
        return f"rejected: {error.why}"


def allow(permit):
    try:
        permits[permit] = breaker.allow()
        return "probe" if permits[permit].lease else "pass"
    except CircuitOpenError as error:
        return f"rejected: {error.why}"


def break_callbacks(how):
    broken.append({"error": ValueError("a bug of the program"), "exit": SystemExit(1)}[how])
    return how


def record(permit, outcome):
    breaker.record(permits.pop(permit), outcome)
    return "recorded"


COMMANDS = {
    "call": call,
    "allow": allow,
    "record": record,
    "sync": breaker.sync,
    "status": breaker.status,
    "moves": lambda: moves,
    "break_callbacks": break_callbacks,
    "instance": lambda: breaker.instance,
    "start": lambda: bool(breaker.start()),
}
for line in sys.stdin:
    verb, *arguments = json.loads(line)
    print(json.dumps(COMMANDS[verb](*arguments)), flush=True)
breaker.close()
