"""Index: the book from its other end: what happens if …, a symptom and its chapter, every knob, and where to go on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutorial.book.chapters import Chapter
from tutorial.book.markdown import anchor_of

_EXPERIMENT = re.compile(r'\{% call experiment\("([a-z-]+)"')
NO_EXPERIMENTS = ("bet-list", "bet-calibration")
_SECTIONS = re.compile(r"^## (.+)$", re.MULTILINE)

# What happens if … An experiment that is not here is listed by the heading of its section.
QUESTIONS = {
    "chat-pane": "… you say something in one of two tabs?",
    "chaos-controls": "… you delay, freeze or cut one connection?",
    "message-timeline": "… you draw when each message comes?",
    "loss-lab": "… packets are lost?",
    "find-and-fix": "… you have to find the vulnerable line yourself?",
    "x-ray": "… you look inside the server while people talk?",
    "waiting-lab": "… nobody says anything for a minute?",
    "check-button-chat": "… a page can only ask, and is sent nothing by itself?",
    "interval-lab": "… you poll less often?",
    "herd-lab": "… thirty clients start in the same moment?",
    "byte-ruler": "… you count every byte on the wire?",
    "gap-lab": "… two people press Enter at the same time?",
    "hold-timeline": "… the server waits with its answer?",
    "crossover-lab": "… the room gets busier?",
    "frame-lab": "… you read a WebSocket byte by byte?",
    "recovery-lab": "… the connection is cut, freezes, or the server restarts?",
    "transport-switcher": "… you change the transport in the middle of a conversation?",
    "suite-lab": "… four transports have to keep the same promises?",
    "response-time-lab": "… a load tester measures the wrong thing?",
    "rest-lab": "… the server rests after it has sent?",
    "ramp-lab": "… more and more readers come?",
    "slow-reader-lab": "… one reader stops reading?",
    "busy-script-lab": "… a script in the page can’t keep up?",
    "tabs-lab": "… somebody opens a seventh tab?",
    "shop-lab": "… the queue or the shop is stopped?",
    "blocking-lab": "… one query blocks the loop?",
    "processes-lab": "… there are two servers, and one is killed?",
    "attack-lab": "… a hostile page tries to read, post and open a socket?",
    "decision-card": "… your application has other numbers?",
    "answer-lab": "… an answer is streamed, and cut off in the middle?",
    "claims-audit": "… you measure a famous number again?",
}

# A symptom, as somebody would search for it; the chapter and its section.
SYMPTOMS: tuple[tuple[str, int, str], ...] = (
    ("Messages come late, by up to some seconds", 2, "A message waits half an interval"),
    ("All clients ask in the same moment, and the server stalls", 2, "Thirty clients in step"),
    ("The server comes back, and falls over again", 2, "When the server is down"),
    ("Now and then a message is missing", 3, "The message nobody was waiting for"),
    ("A message is there twice", 1, "Sending is easy"),
    ("Short polls do better than long ones when the room is busy", 5, "Batch what comes together"),
    ("The second of two small messages comes 40 ms late", 6, "A reader that subscribes"),
    ("The page says “connected”, and nothing comes any more", 7, "Who notices?"),
    ("After a restart, all clients come back at once", 7, "Back off, and not in step"),
    ("The load tester says 0 ms", 9, "What a response time measures"),
    ("Delays explode from some number of users on", 10, "The knee"),
    ("New connections are refused", 10, "What breaks first"),
    ("The server’s memory grows while one client sleeps", 11, "Four ways to treat a slow reader"),
    ("Everything in the seventh tab hangs", 12, "Seven tabs"),
    ("It works here, and not behind the proxy: 504, or nothing until the end", 12, "A proxy in between"),
    ("An order was saved, and its customer never learnt of it", 13, "Two stores, and a crash between them"),
    ("Everybody waits while one request computes", 14, "One loop, and everybody on it"),
    ("With two servers, some readers miss some messages", 15, "Two rooms of the same name"),
    ("Another site’s page can read or write for my users", 16, "You attack"),
    ("A streamed answer is gone when the connection breaks", 17, "Answers that are streamed"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index: what it says, and where it leads."""

    text: str
    chapter: int
    address: str


def experiments(chapters: list[Chapter]) -> list[Entry]:
    """Return each experiment once, in the order of the book."""
    found: dict[str, Entry] = {}
    for chapter in chapters:
        first, *rest = _SECTIONS.split(chapter.body)
        for heading, text in [("", first), *zip(rest[::2], rest[1::2], strict=True)]:
            address = chapter.path + (f"#{anchor_of(heading)}" if heading else "")
            for tag in _EXPERIMENT.findall(text):
                if tag in NO_EXPERIMENTS:
                    continue
                question = QUESTIONS.get(tag, f"… {heading or chapter.question}")
                found.setdefault(tag, Entry(question, chapter.number, address))
    return list(found.values())


def symptoms(chapters: list[Chapter]) -> list[Entry]:
    """Return the symptoms whose chapter is there."""
    paths = {chapter.number: chapter.path for chapter in chapters}
    return [
        Entry(text, number, paths[number] + (f"#{anchor_of(section)}" if section else ""))
        for text, number, section in SYMPTOMS
        if number in paths
    ]
