"""The faults: what each does, and how it ends. A plan is a list of them, made from the seed alone."""

import time

SERVICES = ["aggregator", "persister", "cacher"]


def plan(random, seconds, kafka_too, only=""):
    """(when it begins, its name, how long it lasts), with rests between them in which everything recovers."""
    kinds = [f"{verb} {service}" for verb in ("kill", "freeze", "stop", "scale") for service in SERVICES]
    kinds += ["crash redis", "wipe redis", "flush redis", "fill redis", "crash postgres", "restart postgres"]
    kinds += [f"{verb} {server}" for verb in ("cut", "stall", "slow") for server in ("redis", "postgres")]
    if kafka_too:
        kinds += ["crash kafka"] * 3
    kinds = [kind for kind in kinds if only in kind]
    if not kinds:
        raise SystemExit(f"no fault has {only!r} in its name")
    faults, at, left = [], 8.0, []
    while at < seconds - 15:
        # Each kind comes once before any comes again.
        if not left:
            left = random.sample(kinds, len(kinds))
        faults.append((at, left.pop(), round(random.uniform(1, 9), 1)))
        at += faults[-1][2] + random.uniform(4, 10)
    return faults


def carry_out(stack, name, seconds):
    """Makes a fault, and mends it after its time."""
    verb, what = name.split()
    begin, end = getattr(Faults, verb)(stack, what)
    begin()
    time.sleep(seconds)
    if end:
        end()


class Faults:
    """For each verb a pair: what makes it, and what mends it."""

    @staticmethod
    def kill(stack, service):
        # It is started again half a second later, as compose does.
        return lambda: stack.services[service][0].kill(), None

    @staticmethod
    def stop(stack, service):
        return lambda: stack.services[service][0].process.terminate(), None

    @staticmethod
    def freeze(stack, service):
        one = stack.services[service][0]
        return one.freeze, one.thaw

    @staticmethod
    def scale(stack, service):
        return lambda: stack.add(service), lambda: stack.remove(service)

    @staticmethod
    def crash(stack, server):
        if server == "kafka":
            return stack.kafka.crash, stack.kafka.start_again
        one = getattr(stack, server)
        return one.kill, one.start

    @staticmethod
    def restart(stack, server):
        return lambda: stack.postgres.stop("fast"), stack.postgres.start

    @staticmethod
    def wipe(stack, server):
        return stack.redis.wipe, stack.redis.start

    @staticmethod
    def flush(stack, server):
        return lambda: stack.redis.ask("FLUSHALL"), None

    @staticmethod
    def fill(stack, server):
        """No memory left: every write is refused with OOM."""
        return (lambda: stack.redis.ask("CONFIG", "SET", "maxmemory", "1"),
                lambda: stack.redis.ask("CONFIG", "SET", "maxmemory", "0"))

    @staticmethod
    def cut(stack, server):
        return stack.proxies[server].cut, stack.proxies[server].heal

    @staticmethod
    def stall(stack, server):
        return stack.proxies[server].stall, stack.proxies[server].heal

    @staticmethod
    def slow(stack, server):
        return lambda: stack.proxies[server].slow(0.2), stack.proxies[server].heal
