"""The faults: what each does, and how it ends. A plan is a row of them, made from the seed alone."""

import time

import clock
from running import SERVICES
from servers import wait_for

HOUR = 3600
# These have no length: an orchestrator starts the service again, Redis goes on with nothing.
INSTANTS = {"kill", "stop", "flush"}


def kinds(stack):
    """The names of all faults that can be made here, and a line about each that can't."""
    found = [f"{verb} {service}" for verb in ("kill", "freeze", "stop", "scale") for service in SERVICES]
    without = []
    for name, verbs in (
        ("redis", ("crash", "wipe", "flush", "fill", "full-disk")),
        ("postgres", ("crash", "restart", "full-disk")),
        ("kafka", ("crash",)),
    ):
        server = getattr(stack, name)
        for verb in verbs:
            if server.can(verb):
                # It hits all three services, so it comes as often as what hits each of them.
                found += [f"{verb} {name}"] * (3 if name == "kafka" else 1)
            else:
                without.append(f"{verb} {name}: {reason(server, verb)}")
    found += [f"{verb} {proxy}" for verb in ("cut", "stall", "slow", "throttle") for proxy in stack.proxies]
    if "kafka-cacher" not in stack.proxies:
        without.append("Kafka's network: there is more than one broker, and the proxies know one")
    if clock.LIBRARY and clock.COMPILER:
        found += [f"{verb} {service}" for verb in ("clock-forward", "clock-back") for service in SERVICES]
    else:
        without.append("clocks: there is no libfaketime (Debian's package faketime), or no C compiler")
    return found, without


def reason(server, verb):
    """Why a server can't be broken in a way."""
    if verb == "full-disk" and isinstance(getattr(server, "disk", None), OSError):
        return f"no small disk for it: {server.disk}"
    return "the environment has no commands for it" if getattr(server, "commands", None) else "a broker in memory keeps nothing"


class Fault:
    """A fault of the plan: its name, the rest before it, how long it lasts (both in seconds), and how far a clock jumps."""

    def __init__(self, name, rest, seconds, amount):
        self.name, self.rest, self.seconds = name, rest, seconds
        # Forward less than the ticks from the future are ahead, which is 25 hours.
        self.jump = {"clock-forward": round(60 + amount * 20 * HOUR), "clock-back": -round(120 + amount * 6 * HOUR)}.get(name.split()[0])
        # When it began and when it was mended, by the clock of the wall; None before.
        self.began = self.ended = None
        # The seconds from the mending until all services had what was sent since; None when they never had.
        self.recovery = None

    def __str__(self):
        by = f" by {self.jump / 60:+.0f} min" if self.jump else ""
        return f"{self.name}{by}" + (f", for {self.seconds} s" if self.seconds else "")


def plan(random, kinds):
    """Faults without end; each kind comes once before any comes again."""
    while True:
        left = random.sample(kinds, len(kinds))
        while left:
            name = left.pop()
            seconds = 0 if name.split()[0] in INSTANTS else round(random.uniform(1, 9), 1)
            yield Fault(name, random.uniform(4, 10), seconds, random.random())


def carry_out(stack, fault):
    """Makes a fault, and mends it after its time. Answers with what is to be tidied up when everything has recovered."""
    verb, what = fault.name.split()
    begin, end, *later = getattr(Faults, verb.replace("-", "_"))(stack, what, fault)
    fault.began = time.time()
    begin()
    time.sleep(fault.seconds)
    if end:
        end()
    fault.ended = time.time()
    return later


class Faults:
    """For each verb what makes it, what mends it, and maybe what tidies up later."""

    @staticmethod
    def kill(stack, service, _):
        # It is started again half a second later, as compose does.
        return lambda: stack.services[service][0].kill(), None

    @staticmethod
    def stop(stack, service, _):
        return lambda: stack.services[service][0].process.terminate(), None

    @staticmethod
    def freeze(stack, service, _):
        one = stack.services[service][0]
        return one.freeze, one.thaw

    @staticmethod
    def scale(stack, service, _):
        return lambda: stack.add(service), lambda: stack.remove(service)

    @staticmethod
    def crash(stack, server, _):
        if server == "kafka":
            return stack.kafka.crash, stack.kafka.start_again
        one = getattr(stack, server)
        return one.kill, one.start

    @staticmethod
    def restart(stack, server, _):
        return stack.postgres.stop, stack.postgres.start

    @staticmethod
    def wipe(stack, server, _):
        return stack.redis.wipe, stack.redis.start

    @staticmethod
    def flush(stack, server, _):
        return lambda: stack.redis.ask("FLUSHALL"), None

    @staticmethod
    def fill(stack, server, _):
        """No memory left: every write is refused with OOM."""
        return (lambda: stack.redis.ask("CONFIG", "SET", "maxmemory", "1"),
                lambda: stack.redis.ask("CONFIG", "SET", "maxmemory", "0"))

    @staticmethod
    def full_disk(stack, server, _):
        one = getattr(stack, server)

        def begin():
            if server == "redis":
                # With `always` a Redis ends that can't write; with this it refuses, and says MISCONF.
                one.ask("CONFIG", "SET", "appendfsync", "everysec")
            one.disk.fill()

        def end():
            one.disk.free()
            one.revive()
            if server == "redis":
                wait_for("Redis to write again", lambda: b"aof_last_write_status:ok" in one.ask("INFO", "persistence"), seconds=30)
                one.ask("CONFIG", "SET", "appendfsync", "always")
                # Redis 7.0.15 can leave a file behind that it can't read after a kill: once in 59 rounds with nothing but
                # Redis. So it writes a new one.
                wait_for("Redis to have written its file", lambda: one.is_rewritten, seconds=30)
                one.ask("BGREWRITEAOF")
                wait_for("Redis to write its file anew", lambda: one.is_rewritten, seconds=30)

        return begin, end

    @staticmethod
    def cut(stack, server, _):
        return stack.proxies[server].cut, stack.proxies[server].heal

    @staticmethod
    def stall(stack, server, _):
        return stack.proxies[server].stall, stack.proxies[server].heal

    @staticmethod
    def slow(stack, server, _):
        return lambda: stack.proxies[server].slow(0.2), stack.proxies[server].heal

    @staticmethod
    def throttle(stack, server, _):
        # A service needs 50 to 100 kB/s here.
        return lambda: stack.proxies[server].throttle(10_000), stack.proxies[server].heal

    @staticmethod
    def clock_forward(stack, service, fault):
        """The service runs with a clock that can jump only from here until all is well again."""
        one = stack.services[service][0]

        def begin():
            one.clock_settings = one.clock.settings()
            stack.start_again(one)
            wait_for("the service to be up to date", lambda: stack.is_up_to_date(service, 100), seconds=60)
            one.clock.jump(fault.jump)

        def later():
            one.clock_settings = {}
            stack.start_again(one)

        return begin, lambda: one.clock.jump(0), later

    clock_back = clock_forward
