"""The house: which way its arrows point, that its table has no empty cell, that the README speaks of what there is."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import FunctionType

import pytest

from loadtests.table import TRANSPORTS as LOAD_TABLE
from tests.support.clients import CLIENTS
from transports.app import TRANSPORTS

ROOT = Path(__file__).parent.parent
PACKAGES = ("transports", "tutorial", "loadtests")
STRICT = ["transports", "loadtests"]
# sizes, names, and imports for types; a package enters when it keeps to them
TOP_LEVEL = {
    "README.md",
    "pyproject.toml",
    "LICENSE",
    "transports",
    "tutorial",
    "static",
    "loadtests",
    "tests",
}
README = (ROOT / "README.md").read_text("utf-8")
STEMS = {name: handler.__module__.rpartition(".")[2] for name, handler in TRANSPORTS.items()}


# Arrows


def modules(package: str) -> dict[str, Path]:
    """Return the modules of a package, by their dotted names; what is not imported but run as a file is left out."""
    files = (ROOT / package).rglob("*.py")
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {
        name.removesuffix(".__init__"): file
        for name, file in names.items()
        if all(part.isidentifier() for part in name.split("."))
    }


@cache
def imports(file: Path) -> frozenset[str]:
    """Return the dotted names that a file imports, wherever in it; for types alone too where STRICT says so."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = (
                node.body if file.relative_to(ROOT).parts[0] in [*STRICT, "tutorial"] else []
            )
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if is_module(name) else str(node.module) for name in named}
    return frozenset(found)


def is_module(name: str) -> bool:
    """Whether a dotted name is one of our modules, and not something that a module defines."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


@cache
def arrows() -> dict[str, frozenset[str]]:
    """Return what each of our modules imports of ours."""
    ours = {name: file for package in PACKAGES for name, file in modules(package).items()}
    return {name: imports(file) & ours.keys() - {name} for name, file in ours.items()}


def reached(name: str) -> set[str]:
    """Return all that a module imports of ours, and what that imports, and so on."""
    found: set[str] = set()
    unread = [name]
    while unread:
        new = arrows()[unread.pop()] - found
        found |= new
        unread += new
    return found


def in_package(package: str) -> set[str]:
    return {name for name in arrows() if name == package or name.startswith(package + ".")}


ROWS = {handler.__module__ for handler in TRANSPORTS.values()}
CORE = [
    "transports.strict_json",
    "transports.wire",
    "transports.log",
    "transports.store",
    "transports.fanout",
    "transports.room",
    "transports.rooms",
]


def test_no_arrow_closes_a_circle() -> None:
    assert list(TopologicalSorter(arrows()).static_order())


@pytest.mark.parametrize("name", CORE)
def test_the_core_points_one_way_wire_log_store_room_rooms(name: str) -> None:
    assert reached(name) <= set(CORE[: CORE.index(name)])


def test_stores_know_the_store_and_each_other() -> None:
    stores = in_package("transports.stores")
    assert len(stores) >= 4
    for store in stores:
        assert reached(store) <= {*CORE[: CORE.index("transports.fanout")]} | stores


@pytest.mark.parametrize(
    "name", ["transports.wire", "transports.room", "transports.rooms", "transports.stores"]
)
def test_where_messages_are_kept_there_is_no_tornado(name: str) -> None:
    for module in {name} | reached(name):
        file = modules("transports")[module]
        assert not [used for used in imports(file) if used.startswith("tornado")], module


def test_what_handlers_share_knows_no_transport() -> None:
    assert not reached("transports.handler") & (ROWS | {"transports.app", "transports.server"})


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_transport_knows_neither_another_nor_the_table(row: str) -> None:
    assert "transports.handler" in reached(row)
    assert not reached(row) & (ROWS - {row} | {"transports.app", "transports.server"})


def test_only_the_table_knows_all_transports() -> None:
    knowing = {name for name in in_package("transports") if len(arrows()[name] & ROWS) > 1}
    assert knowing == {"transports.app"}


def test_the_chat_knows_nothing_of_the_tutorial_and_the_load_tests() -> None:
    for name in in_package("transports"):
        assert not reached(name) & (in_package("tutorial") | in_package("loadtests")), name


def test_load_tests_speak_the_wire_and_import_nothing_of_the_server() -> None:
    for name in in_package("loadtests"):
        assert not arrows()[name] & (in_package("transports") | in_package("tutorial")), name


def test_nothing_that_ships_knows_the_tests() -> None:
    for package in PACKAGES:
        for name, file in modules(package).items():
            assert not [used for used in imports(file) if used.partition(".")[0] == "tests"], name


# The folders

FOLDERS: dict[str, tuple[str, set[str]]] = {  # what may go in, and which of the others it imports
    "tutorial/book": (
        "the chapters as HTML, with the definitions, tests and numbers that they quote; no HTTP",
        set(),
    ),
    "tutorial/site": (
        "what a browser gets beside the chat: pages, files, headers, and who may ask for them",
        {"tutorial/book", "tutorial/choosing", "tutorial/exercises"},
    ),
    "tutorial/own_files": (
        "the running chat on a learner’s file, in place of a part of ours",
        {"tutorial/exercises", "tutorial/site"},
    ),
    "tutorial/choosing": (
        "which transport a workload asks for, computed from what was measured; pure functions",
        {"tutorial/book"},
    ),
    "tutorial/laboratory": (
        "what the experiments ask of the server, for a reader at this machine alone",
        {"tutorial/book", "tutorial/site", "tutorial/exercises", "tutorial/existing_app"},
    ),
    "tutorial/counterexamples": (
        "what not to do, each with the test that shows it fail",
        {"tutorial/laboratory"},
    ),
    "tutorial/measurements": (
        "`python -m tutorial measure`: the numbers of the chapters, taken again on your machine",
        {"tutorial/book", "tutorial/laboratory", "tutorial/counterexamples", "tutorial/exercises"},
    ),
    "tutorial/exercises": ("the exercises, and what judges a learner’s file", {"tutorial/book"}),
    "tutorial/existing_app": ("a shop that joins the chat, and knows nothing of Tornado", set()),
    "tutorial/other_servers": (
        "the chat in another language and on another framework, judged by the same suite",
        set(),
    ),
    "loadtests/client": (
        "a client of the wire contract without Locust: connections, readers, what they check",
        set(),
    ),
    "loadtests/results": (
        "what was measured, what follows from it, and what the model expected: plain data",
        {"loadtests/client", "loadtests/table"},
    ),
    "loadtests/swarm": (
        "what all users share inside Locust; beside rows and shapes the only place that imports it",
        {"loadtests/client", "loadtests/results", "loadtests/table"},
    ),
    "loadtests/shapes": ("how many users there are, over time", set()),
    "loadtests/comparison": (
        "each case of a plan on a fresh server with a fresh Locust, and what starts the two",
        {"loadtests/client", "loadtests/results", "loadtests/table"},
    ),
    "loadtests/report": (
        "results in words, charts, a terminal’s table and one HTML file",
        {"loadtests/results", "loadtests/table"},
    ),
    "loadtests/experiments": (
        "the knee, and response time against delivery, as the site starts them",
        {"loadtests/client", "loadtests/comparison", "loadtests/table"},
    ),
    "loadtests/benchmarks": (
        "`python -m loadtests fanout`: what a delivery costs the server, beside its peers",
        {"loadtests/client", "loadtests/comparison", "loadtests/results"},
    ),
}


def test_arrows_between_folders_go_one_way() -> None:
    assert list(
        TopologicalSorter({path: allowed for path, (_, allowed) in FOLDERS.items()}).static_order()
    )


@pytest.mark.parametrize("path", FOLDERS)
def test_a_folder_imports_only_the_folders_that_its_row_names(path: str) -> None:
    allowed = {path, *FOLDERS[path][1]}
    for file in (ROOT / path).rglob("*.py"):
        used = {"/".join(name.split(".")[:2]) for name in imports(file)}
        assert {
            one for one in used if one.partition("/")[0] == path.partition("/")[0]
        } <= allowed, file


@pytest.mark.parametrize("path", FOLDERS)
def test_the_readme_says_what_may_go_into_a_folder(path: str) -> None:
    assert f"| [{path}/]({path}) | {FOLDERS[path][0]} |" in README.splitlines()


LOCUST = {"locust", "gevent", "geventhttpclient"}
INSIDE_LOCUST = {"loadtests/swarm", "loadtests/shapes"}


def test_locust_and_gevent_are_imported_by_rows_shapes_and_swarm_alone() -> None:
    rows = {ROOT / "loadtests" / f"{row.stem}.py" for row in LOAD_TABLE.values()}
    for name, file in modules("loadtests").items():
        if str(file.parent.relative_to(ROOT)) not in INSIDE_LOCUST and file not in rows:
            assert not {used.partition(".")[0] for used in imports(file)} & LOCUST, name
            assert "swarm" not in {used.split(".")[1] for used in arrows()[name]}, name


def test_nothing_beside_the_locust_files_has_the_name_of_a_library() -> None:
    taken = {"http", "locust", "websocket", "requests", "gevent", "flask", "psutil", "tornado"}
    names = {file.stem for file in (ROOT / "loadtests").iterdir()}
    assert not names & (taken | set(sys.stdlib_module_names))


@pytest.mark.parametrize("package", ["tutorial", "loadtests"])
def test_no_folder_is_without_a_row(package: str) -> None:
    parents = {file.parent for file in (ROOT / package).glob("*/*.py")}
    assert {str(parent.relative_to(ROOT)) for parent in parents} <= FOLDERS.keys()


def test_each_counterexample_has_a_test_that_shows_it_fail() -> None:
    shown = (ROOT / "tests" / "site" / "test_counterexamples.py").read_text("utf-8")
    files = (ROOT / "tutorial" / "counterexamples").glob("[a-z]*.py")
    assert [file.stem for file in files if file.stem not in shown] == []


# The exercises

EXERCISES = {  # what may go into each, and what of the others it may import
    "verdict": ("What a check says, as plain data.", set()),
    "sandbox": (
        "The learner's process: starting it, asking it, reading why it ended.",
        {"verdict"},
    ),
    "checking": ("What several checks use to try a file.", {"verdict", "sandbox"}),
    "runner": ("Finding exercises, judging files, keeping and printing.", {"verdict", "sandbox"}),
}


@pytest.mark.parametrize("folder", EXERCISES)
def test_arrows_between_the_folders_of_the_exercises_go_one_way(folder: str) -> None:
    _, allowed = EXERCISES[folder]
    for name in in_package(f"tutorial.exercises.{folder}"):
        used = {other.split(".")[2] for other in arrows()[name] if exercises_part(other)}
        assert used <= {folder, *allowed}, name


def test_the_folders_of_the_exercises_are_those_that_the_table_lists() -> None:
    folders = {name.split(".")[2] for name in arrows() if exercises_part(name)}
    assert folders == EXERCISES.keys()


def exercises_part(name: str) -> bool:
    return name.startswith("tutorial.exercises.")


def test_a_check_uses_what_is_there_for_checks_and_never_the_runner() -> None:
    for check in (ROOT / "tutorial" / "exercises").glob("[0-9][0-9]_*/*.py"):
        used = {name for name in imports(check) if exercises_part(name)}
        assert {name.split(".")[2] for name in used} <= {"verdict", "sandbox", "checking"}, check
        assert check.name == "check.py" or not used, "a learner's file stands by itself"


# The table


def cells(stem: str) -> dict[str, Path | None]:
    """Return the file in each column of a transport's row; None: nobody has built it yet."""
    quoted = [
        chapter
        for chapter in sorted((ROOT / "tutorial" / "chapters").glob("*.md"))
        if f'source("transports/{stem}.py"' in chapter.read_text("utf-8")
    ]
    named = {
        "server": ROOT / "transports" / f"{stem}.py",
        "browser": ROOT / "static" / "js" / f"{stem}.js",
        "load": ROOT / "loadtests" / f"{stem}.py",
        "tests": ROOT / "tests" / f"test_{stem}.py",
    }
    files: dict[str, Path | None] = {
        column: file for column, file in named.items() if file.exists()
    }
    return {**dict.fromkeys(named), **files, "chapter": quoted[0] if quoted else None}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_cell_of_a_transports_row_is_empty(transport: str) -> None:
    empty = [column for column, file in cells(STEMS[transport]).items() if file is None]
    assert not empty, f"{transport}: still to be written for {STEMS[transport]}: {empty}"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_transport_has_a_client_for_the_conformance_suite(transport: str) -> None:
    assert transport in CLIENTS, (
        f"tests/support/clients.py: how does a client hear over {transport}?"
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_transport_is_known_in_the_address_by_the_name_it_counts_itself_under(
    transport: str,
) -> None:
    assert TRANSPORTS[transport].transport == transport


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_transports_browser_module_connects(transport: str) -> None:
    script = (ROOT / "static" / "js" / f"{STEMS[transport]}.js").read_text("utf-8")
    assert re.search(r"^export (async )?function connect\(", script, re.MULTILINE)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_transports_row_stands_in_the_readmes_table(transport: str) -> None:
    stem = STEMS[transport]
    [row] = [line for line in README.splitlines() if f"| [transports/{stem}.py]" in line]
    linked = re.findall(r"\]\(([^)]+)\)", row)
    rows = {str(file.relative_to(ROOT)) for file in cells(stem).values() if file is not None}
    chapter = [link for link in linked if link.startswith("tutorial/chapters/")]
    assert {link for link in linked if link not in chapter} == {
        r for r in rows if "chapters" not in r
    }
    assert len(chapter) == 1
    assert f"transports/{stem}.py" in (ROOT / chapter[0]).read_text("utf-8")


# Size and names
MODULE_LINES = 200
FUNCTION_LINES = 25
SIZED = [*STRICT, *(path for path in FOLDERS if path.startswith("tutorial/"))]
ROW_LINES = 60  # of code: without comments, docstrings and empty lines


@pytest.mark.parametrize("package", SIZED)
def test_a_module_has_at_most_200_lines(package: str) -> None:
    lines = {
        name: len(file.read_text("utf-8").splitlines()) for name, file in modules(package).items()
    }
    assert {name: n for name, n in lines.items() if n > MODULE_LINES} == {}


@pytest.mark.parametrize("package", SIZED)
def test_a_function_has_at_most_25_lines(package: str) -> None:
    found = {
        f"{name}.{node.name}": node.end_lineno - node.lineno + 1
        for name, file in modules(package).items()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    assert {label: n for label, n in found.items() if n > FUNCTION_LINES} == {}


@pytest.mark.parametrize("stem", sorted(STEMS.values()))
@pytest.mark.parametrize("package", STRICT)
def test_a_row_has_at_most_60_lines_of_code(package: str, stem: str) -> None:
    assert code_lines(ROOT / package / f"{stem}.py") <= ROW_LINES


def code_lines(file: Path) -> int:
    """Return how many lines of a file are neither empty, nor comment, nor docstring."""
    text = file.read_text("utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            prose |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        n not in prose and bool(line.strip()) and not line.strip().startswith("#")
        for n, line in lines
    )


@pytest.mark.parametrize("package", SIZED)
def test_no_two_classes_share_a_name(package: str) -> None:
    names = [
        node.name
        for file in modules(package).values()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert sorted(names) == sorted(set(names))


# The house


def tracked() -> list[str]:
    """Return the files that belong to the project."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    return listed.stdout.splitlines()


def test_the_top_level_holds_what_the_house_has_and_nothing_else() -> None:
    top = {path.partition("/")[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_no_module_is_named_for_having_no_name() -> None:
    bad = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)(\.|_|$)")
    assert not [path for path in tracked() if bad.search(Path(path).name)]


def public(name: str) -> Iterator[tuple[str, object]]:
    """Return a module, and the public classes, functions and methods that it defines."""
    module = importlib.import_module(name)
    yield name, module
    for label, thing in vars(module).items():
        if label.startswith("_") or getattr(thing, "__module__", None) != name:
            continue
        if inspect.isclass(thing) or isinstance(thing, FunctionType):
            yield f"{name}.{label}", thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if isinstance(value, FunctionType) and not member.startswith("_"):
                    yield f"{name}.{label}.{member}", getattr(thing, member)


ANSWERS = {"get", "head", "post", "options", "initialize", "prepare", "open"}  # their class says it


@pytest.mark.parametrize("name", sorted(in_package("transports")))
def test_what_others_may_use_says_what_they_get(name: str) -> None:
    silent = [
        label
        for label, thing in public(name)
        if not inspect.getdoc(thing) and label.rpartition(".")[2] not in ANSWERS
    ]
    assert not silent


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is(package: str) -> None:
    silent = [
        name
        for name, file in modules(package).items()
        if not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert not silent


# The README


def commands() -> list[list[str]]:
    """Return the README's shell commands, one list of words each."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`(\.venv/bin/[^`]+)`", README)
    lines = [line for block in blocks for line in block.splitlines()] + inline
    return [shlex.split(part) for line in lines for part in line.split("&&") if part.strip()]


LINES_A_MINUTE = 30


def test_the_hour_of_reading_is_one_and_has_every_transport() -> None:
    path = README.partition("## Read it")[2].partition("Then read the names")[0]
    listed = re.findall(r"\]\((transports/[\w/]+\.py)\)", path)
    assert len(listed) == len(set(listed))
    assert {f"transports/{stem}.py" for stem in STEMS.values()} <= set(listed)
    lines = sum(len((ROOT / file).read_text("utf-8").splitlines()) for file in listed)
    [stated] = map(int, re.findall(r"about (\d+) lines", path))
    assert abs(lines - stated) < 100
    assert 55 <= lines / LINES_A_MINUTE <= 65


def test_the_readme_has_commands() -> None:
    assert len(commands()) >= 6


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_the_readmes_commands_exist(command: list[str]) -> None:
    program, *words = command
    if words[:2] == ["-m", "venv"] or program == "npm":
        return
    assert program.startswith(".venv/bin/"), "a command runs in the project's own environment"
    if program.endswith("/pip"):
        assert words[:3] == ["install", "-q", "-e"]
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        assert set(re.findall(r"\[(\w+)\]", words[3])) <= set(project["optional-dependencies"])
        return
    assert words[0] == "-m"
    assert importlib.util.find_spec(words[1]) is not None
    options = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
    assert not options or set(options) <= set(options_of(words[1]))


@cache
def options_of(module: str) -> list[str]:
    """Return the options that a command's own help names."""
    listed = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    return re.findall(r"--[a-z][a-z-]*", listed.stdout)


def test_the_readmes_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
