"""What all checks of scripts/demo share."""

from demo_run import Demo, Failure

# The checks, each a sentence and a function, in the order they are started in.
CHECKS = []
# The folder of the executables.
binaries = ""


def check(function):
    """Makes a function a check; its first words are the sentence."""
    CHECKS.append((" ".join(function.__doc__.split()), function))
    return function


def expect(condition, what, demo=None):
    """Fails, with what the demo said last, unless a condition holds."""
    if not condition:
        raise Failure(what + (f"; the demo said:\n{demo.plain()[-3000:]}" if demo else ""))


def run(*arguments, **options):
    """Starts the demo in a terminal of its own."""
    return Demo(binaries, *arguments, **options)


def expect_fitting(demo):
    """The latest frame has no more rows than the terminal, and no row but an address is wider."""
    rows = demo.frame()
    height = sum(max(1, -(-len(row) // demo.columns)) for row in rows)
    expect(height <= demo.lines, f"a frame has {height} rows of {demo.lines}: {rows}")
    for row in rows:
        is_address = row.startswith(("http:", "psql ", "redis-cli ", "kcat "))
        expect(is_address or len(row) < demo.columns, f"{len(row)} columns of {demo.columns}: {row!r}")
    return rows
