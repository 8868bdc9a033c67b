"""The side of a Python worker that speaks with the benchmark: one JSON line in, one JSON line out."""

import json
import os
import sys


def serve(description, handlers):
    """Answers each request {name: arguments} with what handlers[name] returns, or {"error": ...}."""
    answers = _take_stdout()
    print(json.dumps({"description": description}), file=answers, flush=True)
    for line in sys.stdin:
        ((name, arguments),) = json.loads(line).items()
        try:
            answer = handlers[name](**arguments)
        except Exception as error:  # the benchmark names the peer and goes on without it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _take_stdout():
    """Libraries that print from now on print to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers
