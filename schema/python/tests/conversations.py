"""Plays the conversations of schema/vectors with the client: `python -m tests.conversations <folder>`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from client import Client, What
from models import native as wire

Json = dict[str, Any]


class Player(Client):
    """A client whose connections and clock are those of a play."""

    def __init__(self) -> None:
        super().__init__("", self.told)
        self.said_packets: list[Json] = []
        self.reports: list[Json] = []
        self.dialing = False
        self.time = 0.0
        self.timers: list[tuple[float, int, Callable[[], None]]] = []

    def told(self, what: What, about: str, packet: wire.Event | wire.Reply | None) -> None:
        self.reports.extend(in_words(what, about, packet))

    def dial(self) -> None:
        self.dialing = True

    def drop(self) -> None:
        self.dialing = False

    def say(self, command: wire.Command) -> None:
        self.said_packets.append(plain(command))

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        self.timers.append((self.time + seconds, len(self.timers), then))

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        until = self.time + seconds
        while due := [timer for timer in self.timers if timer[0] <= until]:
            self.ring(min(due))
        self.time = until

    def ring(self, timer: tuple[float, int, Callable[[], None]]) -> None:
        self.timers.remove(timer)
        self.time = timer[0]
        timer[2]()

    def connect(self) -> None:
        """Waits until the client dials, however long that takes."""
        while not self.dialing:
            self.ring(min(self.timers))
        self.dialing = False
        self.authenticate()

    def hear(self, packet: Any) -> None:
        self.received(json.dumps(packet))


def plain(model: BaseModel) -> Json:
    """A model as it is written."""
    value: Json = json.loads(model.model_dump_json(by_alias=True, exclude_none=True))
    return value


def in_words(what: What, about: str, packet: wire.Event | wire.Reply | None) -> list[Json]:
    """A report in the words of the conversations. What no conversation asks for is left out."""
    match packet:
        case None:
            return [{what: {"user": about, "code": about}}]
        case wire.Reply():
            name = "conflict" if packet.err == "ERR_CLIENT_ID_CONFLICT" else what
            return [{name: {"client_msg_id": about, "code": packet.err, **(packet.data or {})}}]
        case wire.MessagePacket(message=message):
            return [{"message": {**plain(message), "text": message.content.payload.get("text")}}]
        case wire.ResumedPacket(resumed=resumed):
            state = plain(resumed.state) if resumed.state else {}
            return [{resumed.outcome: {**state, **plain(resumed)}}]
        case wire.SystemPacket(system=system) if system.what == "draining":
            return [{"draining": {}}]
        case wire.UserPacket(user=wire.UserChangedRoomJoined(room=room)):
            return [{"joined": {"room": room}}]
        case wire.UserPacket(user=wire.UserChangedRoomLeft(room=room)):
            return [{"left": {"room": room}}]
        case _:
            return []


MISSING = object()


def matches(wanted: Any, found: Any, bound: Json) -> bool:
    """Whether a value is what a line asks for. Names that a line binds are kept."""
    if wanted == "$any":
        return found is not MISSING
    if isinstance(wanted, str) and wanted.startswith("$bind:"):
        bound["$" + wanted.removeprefix("$bind:")] = found
        return found is not MISSING
    if isinstance(wanted, str) and wanted.startswith("$"):
        return bool(bound.get(wanted) == found)
    if not isinstance(wanted, dict):
        return bool(wanted == found and type(wanted) is type(found))
    if "$optional" in wanted:
        return found is MISSING or matches(wanted["$optional"], found, bound)
    if "$exactly" in wanted:
        exact = wanted["$exactly"]
        return isinstance(found, dict) and exact.keys() == found.keys() and matches(exact, found, bound)
    if not isinstance(found, dict):
        return False
    return all(matches(value, found.get(key, MISSING), bound) for key, value in wanted.items())


def filled(line: Any, bound: Json) -> Any:
    """A line with the values that its names stand for."""
    if isinstance(line, dict):
        return {key: filled(value, bound) for key, value in line.items()}
    if isinstance(line, list):
        return [filled(value, bound) for value in line]
    return bound.get(line, line) if isinstance(line, str) else line


def take(player: Player, step: str, value: Any, bound: Json) -> None:
    """One step of a play."""
    if step != "report":
        assert not player.reports, f"reported too: {player.reports}"
    if step not in ("report", "client"):
        assert not player.said_packets, f"said too: {player.said_packets}"
    match step:
        case "connect":
            player.connect()
        case "server":
            player.hear(filled(value, bound))
        case "close":
            player.closed(value["code"])
        case "lose":
            player.closed(1006)
        case "clock_ms":
            player.wait(value / 1000)
        case "do" if "token" in value:
            player.authorize(value["token"])
        case "do":
            send = value["send"]
            content = wire.Content(type="text/plain", payload={"text": send["text"]})
            player.send(send["room"], content, send["client_msg_id"])
        case "client":
            assert player.said_packets, "said nothing"
            said = player.said_packets.pop(0)
            assert matches(value, said, bound), f"said {said}"
        case "report":
            found = [report for report in player.reports if matches(value, report, bound)]
            assert found, f"reported {player.reports}"
            player.reports.remove(found[0])
        case _:
            assert step == "silent", f"unknown step {step}"
            assert not player.dialing, "connects"


def play(path: Path) -> str | None:
    """Plays one conversation; what went wrong."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    player, bound = Player(), dict[str, Any]()
    player.authorize(lines[0]["token"])
    for number, line in enumerate([*lines[1:], {"silent": {}}], 2):
        for step, value in line.items():
            if step == "elsewhere":
                continue
            try:
                take(player, step, value, bound)
            except (AssertionError, ValueError) as error:
                return f"{path.name}: line {number}: {json.dumps(line)}: {error}"
    return None


def main(folder: Path) -> None:
    paths = sorted(folder.glob("*.jsonl"))
    failures = [failure for failure in map(play, paths) if failure]
    print("\n".join(failures), file=sys.stderr)
    print(f"Python: {len(paths)} conversations")
    sys.exit(1 if failures or not paths else 0)


main(Path(sys.argv[1]))
