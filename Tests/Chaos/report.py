"""What a run says: a line for each fault as it comes, and a table and a verdict at the end."""

import json
import statistics
import time


class Report:
    """Times are seconds since the run began."""

    def __init__(self, options):
        self.options = options
        self.begin = time.monotonic()
        self.without = []

    def say(self, text):
        print(f"{time.monotonic() - self.begin:7.1f} s  {text}", flush=True)

    def recoveries(self, faults):
        """name -> the seconds that recovering took, each time; None where it never did."""
        times = {}
        for fault in faults:
            times.setdefault(fault.name, []).append(fault.recovery)
        return dict(sorted(times.items()))

    def table(self, faults):
        """Prints how long it took until all was whole again after each kind of fault."""
        print(f"\n{'fault':28} {'times':>5}  {'median':>7}  {'slowest':>7}   until everything sent since was everywhere")
        for name, times in self.recoveries(faults).items():
            known = [one for one in times if one is not None]
            figures = f"{statistics.median(known):5.1f} s  {max(known):5.1f} s" if known else "    -        -"
            print(f"{name:28} {len(times):5}  {figures}{'   not every time' if None in times else ''}")
        for line in self.without:
            print(f"left out: {line}")
        print()

    def verdict(self, run, found):
        """Prints what is wrong, and answers with how many things that is."""
        for name, wrong in found.items():
            print(f"{'not ok ' if wrong else 'ok     '} {name.replace('_', ' ')}")
            for fault in wrong[:5]:
                print(f"          {fault}"[:600])
        wrong = sum(map(len, found.values()))
        if wrong:
            for instance in run.stack.instances():
                print(f"the end of the {instance.name}'s log, process {instance.process.pid}:")
                print("".join(f"          {line[:300]}\n" for line in instance.log().splitlines()[-20:]), end="")
        starts = sum(instance.starts for instance in run.stack.instances())
        print(f"{len(run.stream.taken)} records, {len(run.faults)} faults, {starts} starts, {run.listener.count} messages heard: "
              f"{f'{wrong} things wrong' if wrong else 'nothing lost, doubled or wrong'}, seed {self.options.seed}", flush=True)
        return wrong

    def write(self, path, run, found):
        """Writes all of it as one JSON object."""
        faults = [{"at": round(fault.began - run.began, 1), "name": fault.name, "seconds": fault.seconds, "jump_seconds": fault.jump,
                   "recovery_seconds": fault.recovery} for fault in run.faults if fault.began]
        result = {
            "seed": self.options.seed, "minutes": self.options.minutes, "rate": self.options.rate, "servers": self.options.servers,
            "records": len(run.stream.taken), "messages_heard": run.listener.count, "faults": faults, "left_out": self.without,
            "wrong": found,
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
