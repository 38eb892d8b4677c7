"""What one process decides by itself while Redis is away: the same rules, by its own calls alone."""

from collections import deque


class LocalBreaker:
    """
    Counts the calls of this process, always; decides only while Redis is away. Times are ms. `setting` is a function
    that gives a setting by the name that Redis has. `instances` has no say: nobody else can be asked, and nobody else
    is rejected.
    """

    def __init__(self):
        self.buckets = deque()  # [start in ms, calls, failed, slow], the oldest first; at most 13, as in Redis
        self.state, self.epoch = "closed", 0
        self.begin("closed", 0)

    def begin(self, state, half_open_at):
        """Redis went away while the breaker was in this state."""
        self._move(state)
        self.half_open_at = half_open_at
        self.probe, self.probe_until, self.successes, self.openings = None, 0, 0, 0

    def forget_counts(self):
        self.buckets.clear()

    def state_at(self, now):
        return "half-open" if self.state == "open" and now >= self.half_open_at else self.state

    def verdict(self, now):
        state = self.state_at(now)
        if state == "closed":
            return "pass", state, None
        if state == "open" or (self.probe is not None and now < self.probe_until):
            return "reject", f"{state}, without Redis", self.half_open_at
        return "probe", state, self.half_open_at

    def admit(self, now, lease, patience):
        """One probe at a time; one that takes longer than `patience` is given up."""
        if self.verdict(now)[0] != "probe":
            return False
        self._move("half-open")
        self.probe, self.probe_until = lease, now + patience
        return True

    def count(self, now, outcome, slow, setting):
        window = setting("windowMs")
        width = max(100, window // 12)
        start = now // width * width
        while self.buckets and self.buckets[0][0] + width <= now - window:
            self.buckets.popleft()
        while self.buckets and self.buckets[-1][0] > now + width:  # the clock of Redis was set back
            self.buckets.pop()
        if outcome == "none":
            return
        if not self.buckets or self.buckets[-1][0] < start:
            self.buckets.append([start, 0, 0, 0])
        for at, counts in ((1, True), (2, outcome == "fail"), (3, slow)):
            self.buckets[-1][at] += counts

    def settle(self, now, lease, outcome, slow, setting):
        """After count(): whether the breaker moves."""
        bad = outcome == "fail" or slow
        if self.state == "closed":
            if bad and self._must_open(setting):
                self._open(now, setting)
        elif lease is not None and lease == self.probe:
            self.probe = None
            if bad:
                self._open(now, setting)
            elif outcome == "ok":
                self.successes += 1
                if self.successes >= setting("successThreshold"):
                    self.forget_counts()
                    self.begin("closed", 0)

    def _move(self, state):
        """`epoch` goes up with every move: a call that was let through before one says nothing after it."""
        self.epoch += state != self.state
        self.state = state

    def _open(self, now, setting):
        self._move("open")
        self.openings += 1
        longest = max(setting("maxOpenMs"), setting("openMs"))
        self.successes = 0
        self.half_open_at = now + min(setting("openMs") * 2 ** min(self.openings - 1, 30), longest)

    def _must_open(self, setting):
        calls, failed, slow = (sum(one[at] for one in self.buckets) for at in (1, 2, 3))
        minimum, threshold, rate = setting("minimumCalls"), setting("failureThreshold"), setting("failureRate")
        if threshold > 0 and failed >= threshold and calls >= (minimum or 0):
            return True
        if calls < (10 if minimum is None else minimum):
            return False
        slow_matters = setting("slowCallMs") > 0 and setting("slowCallRate") > 0
        return (rate > 0 and failed * 100 >= rate * calls) or (
            slow_matters and slow * 100 >= setting("slowCallRate") * calls
        )
