"""What a program's output says about its end: the exception, or the line where it hangs.

Read from what Python itself prints: a traceback when something was raised, faulthandler's dump
when the judge sent `DUMP_AND_EXIT`. Only lines of the learner's own file are named.
"""

import re
import signal
from pathlib import Path

DUMP_AND_EXIT = signal.SIGABRT
"""The signal upon which `python -X faulthandler` says where it is, and ends."""

PYTHONS_WORDS = r"^(?:Traceback|Uncaught exception|Fatal Python error)"
NOT_THE_LEARNERS = r"\d{3} [A-Z]+ /|listening on \w+://"
RAISED_FROM = "The above exception was the direct cause of the following exception"
PRINTED_LINES = 6
PRINTED_CHARACTERS = 200


def of_crash(printed: str, path: Path) -> str:
    """Return the first exception in the output and the learner's line that raised it, or "".

    What comes after it, or while it is handled, is a consequence. An exception that was raised
    `from` another one stands for both.
    """
    tracebacks = printed.split("Traceback (most recent call last):\n")[1:]
    if not tracebacks:
        return ""
    mine = (n for n, one in enumerate(tracebacks) if re.search(_frame(path), one))
    number = next(mine, len(tracebacks) - 1)
    while RAISED_FROM in tracebacks[number] and number + 1 < len(tracebacks):
        number += 1
    traceback = tracebacks[number]
    raised = re.search(r"^[A-Za-z_][\w.]*(?:: .*)?$", traceback, re.MULTILINE)
    if not raised:
        return ""
    where = _line(re.findall(_frame(path), traceback)[-1:], path)
    words = f"{raised[0]},{where}" if where else raised[0]
    if "Address already in use" in words:
        words += ". Listen on the port that is given as the first argument, sys.argv[1]"
    return words


def of_hang(dump: str, path: Path) -> str:
    """Return the learner's line at which the program was busy, or "" when it was just waiting."""
    for thread in re.split(r"^(?:Current thread|Thread) .*$", dump, flags=re.MULTILINE)[1:]:
        frames = re.findall(r"^  File .*$", thread, re.MULTILINE)
        mine = [number for frame in frames for number in re.findall(_frame(path), frame)]
        if mine and "selectors.py" not in frames[0]:
            return f": it is busy{_line(mine[:1], path)}"
    return ""


def of_syntax_error(error: SyntaxError | UnicodeDecodeError) -> str:
    """Return what Python can't read, and where."""
    if isinstance(error, UnicodeDecodeError):
        return f"a file that is not UTF-8: {error}"
    return f"{type(error).__name__} in line {error.lineno}: {error.msg}"


def of_prints(printed: str) -> str:
    """Return the last few lines that the learner's own prints wrote.

    Without what Python and Tornado log, and what a starter says by itself.
    """
    lines = re.split(PYTHONS_WORDS, printed, maxsplit=1, flags=re.MULTILINE)[0].splitlines()
    mine = [line for line in lines if not re.match(NOT_THE_LEARNERS, line)]
    return "\n".join(_shortened(line) for line in mine[-PRINTED_LINES:])


def _shortened(line: str) -> str:
    return line if len(line) <= PRINTED_CHARACTERS else f"{line[:PRINTED_CHARACTERS]} …"


def _frame(path: Path) -> str:
    return rf'File "{re.escape(str(path))}", line (\d+)'


def _line(numbers: list[str], path: Path) -> str:
    if not numbers:
        return ""
    code = path.read_text("utf-8").splitlines()[int(numbers[0]) - 1].strip()
    return f" in line {numbers[0]}, `{code}`"
