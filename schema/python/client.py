"""A minimal client of the native format, on generated models alone. README.md says how to use it."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from websockets import ClientConnection, Subprotocol, WebSocketException, connect

from models import native as wire
from models.codes import CLOSE_CODES, ERRORS

What = Literal["connected", "reconnecting", "token_needed", "stopped", "event", "sent", "refused"]
Tell = Callable[[What, str, wire.Event | wire.Reply | None], None]  # What, about whom or why, and what says so.
AFTER = dict[str, What](retry="reconnecting", reconnect="reconnecting", refresh="token_needed", stop="stopped")
PACKET, EVENT = TypeAdapter(dict[str, Any]), TypeAdapter[wire.Event](wire.Event)
BASE, CAP, MAX_OUTBOX, MAX_RESUMED, ME = 0.25, 30.0, 1000, 200, ""  # ME: the place of my own log among the rooms.

def what_to_do(reply: wire.Reply) -> str:  # Where the action is a word of a newer server, the table knows the code.
    return reply.action if reply.action in AFTER else ERRORS.get(reply.err or "", "stop")

class Client:
    """What it sends is stored once under its name. The last five methods are all of its I/O: a test overrides them."""
    def __init__(self, url: str, tell: Tell) -> None:
        self.url, self.tell, self.token, self.epoch, self.attempts, self.asked = url, tell, "", "", 0, 0
        self.state: Literal["stopped", "waiting", "connecting", "ready"] = "stopped"
        self.auth: wire.AuthData | None = None
        self.logs: dict[wire.RoomId, int] = {}
        self.outbox: dict[wire.ClientMsgId, wire.SendMessage] = {}
        self.fetching, self.in_flight, self.waiting = set[str](), set[str](), set[str]()
        self.awaiting: dict[wire.RequestId, Callable[[wire.Reply], None]] = {}
        self.socket: ClientConnection | None = None
        self.task: asyncio.Task[None] | None = None

    def authorize(self, token: str) -> None:
        """Connects with a token. Later it takes a new one: for the open connection, or to connect again."""
        self.token = token
        if self.state == "ready":
            self.authenticate()
        elif self.state == "stopped":
            self.dial()

    def send(self, room: wire.RoomId, content: wire.Content, name: wire.ClientMsgId) -> None:
        if len(self.outbox) >= MAX_OUTBOX or name in self.outbox:
            raise ValueError("full, or name in use")
        self.outbox[name] = wire.SendMessage(id="0", room=room, content=content, client_msg_id=name)
        self.pump()

    def received(self, frame: str | bytes) -> None:
        with suppress(ValidationError):  # Of a newer server. If it is an entry of a log, that goes on all the same.
            news = all([self.is_news(*part) for part in PACKET.validate_json(frame).items()])
            self.take(EVENT.validate_json(frame), news)

    def is_news(self, kind: str, body: Any) -> bool:
        it = body if isinstance(body, dict) and kind != "resumed" and not kind.startswith("_") else {}
        room, offset = (ME, it["user_offset"]) if "user_offset" in it else (it.get("room"), it.get("offset"))
        return not (isinstance(room, str) and isinstance(offset, int)) or self.is_next(room, offset)

    def take(self, event: wire.Event, news: bool) -> None:
        (body,) = (getattr(event, field) for field in type(event).model_fields)
        if isinstance(body, wire.Resumed):
            self.resumed(body)
        if isinstance(body, wire.Message) and self.auth and body.from_ == self.auth.user_id:
            self.answered(body.client_msg_id or "", wire.Reply(status=200, ts=body.ts, data={"seq": body.seq}))
        if isinstance(body, wire.UserChangedRoomLeft) and news:
            self.logs.pop(body.room, None)
        if isinstance(body, wire.Reply):
            if answer := self.awaiting.pop(body.id or "", None):
                answer(body)
        elif news:
            self.tell("event", "", event)
        if self.state == "connecting" and self.auth and ME in self.logs and not self.awaiting:
            self.state, self.attempts = "ready", 0  # All that was missed is told.
            self.tell("connected", self.auth.user_id, None)
        self.pump()

    def is_next(self, room: wire.RoomId, offset: int) -> bool:
        at = self.logs.get(room, -1)
        if offset == at + 1:
            self.logs[room] = offset
        elif offset > at and room == ME and at >= 0:
            self.lose("a hole in my log", "reconnect")
        elif offset > at and room != ME and room not in self.fetching:
            self.fetching.add(room)  # A hole. What is beyond it is dropped, because it comes again.
            follow = partial(wire.Follow, room=room, offset=self.logs.get(room), epoch=self.epoch or None)
            self.ask(lambda id: wire.FollowPacket(follow=follow(id=id)), lambda _: self.fetching.discard(room))
        return offset == at + 1

    def resumed(self, resumed: wire.Resumed) -> None:
        if resumed.epoch != self.epoch:  # The logs began a new life: no old position holds.
            self.epoch, self.logs = resumed.epoch, {}
        offset = resumed.user_offset if resumed.room is None else resumed.offset
        if resumed.outcome == "gone":
            self.logs.pop(resumed.room or ME, None)
        elif resumed.outcome != "recovered" and offset is not None:
            self.logs[resumed.room or ME] = offset

    def ask(self, command: Callable[[wire.RequestId], wire.Command], answer: Callable[[wire.Reply], None]) -> None:
        self.asked += 1
        self.awaiting[str(self.asked)] = answer
        self.say(command(str(self.asked)))

    def authenticate(self) -> None:
        fresh, session = self.state != "ready", self.auth.session_id if self.auth else None
        self.state = "connecting" if fresh else "ready"
        auth = partial(wire.Auth, token=self.token, session_id=session, follow=ME not in self.logs)
        self.ask(lambda id: wire.AuthPacket(auth=auth(id=id)), partial(self.authenticated, fresh))

    def authenticated(self, fresh: bool, reply: wire.Reply) -> None:
        if reply.status >= 400:
            return self.failed(reply)
        self.auth = wire.AuthData.model_validate(reply.data)
        if fresh and ME in self.logs:
            rooms = dict([log for log in self.logs.items() if log[0] != ME][-MAX_RESUMED:])  # Others: snapshots.
            resume = partial(wire.Resume, epoch=self.epoch, user_offset=self.logs[ME], rooms=rooms)
            self.ask(lambda id: wire.ResumePacket(resume=resume(id=id)), self.failed)

    def pump(self, again: wire.ClientMsgId = "") -> None:
        self.in_flight, self.waiting = self.in_flight - {again}, self.waiting - {again}
        held = {it.room for name, it in self.outbox.items() if name in self.waiting}  # Let nothing overtake it.
        free = [(name, it) for name, it in self.outbox.items() if name not in self.in_flight and it.room not in held]
        for name, it in free if self.state == "ready" else []:
            self.in_flight.add(name)
            self.ask(lambda id: wire.SendPacket(send=it.model_copy(update={"id": id})), partial(self.answered, name))

    def answered(self, name: wire.ClientMsgId, reply: wire.Reply) -> None:
        if (action := what_to_do(reply)) == "retry":
            self.waiting.add(name)
            self.later(reply.retry_after_ms or 0, partial(self.pump, name))
        elif action in ("reconnect", "refresh"):
            self.failed(reply)
        elif self.outbox.pop(name, None):
            self.in_flight.discard(name)
            self.tell("sent" if reply.status < 400 else "refused", name, reply)

    def closed(self, code: int) -> None:
        self.lose(*CLOSE_CODES.get(code, CLOSE_CODES[1001]))  # An unknown one is no reason to stay away.

    def failed(self, reply: wire.Reply) -> None:
        if reply.status >= 400:
            self.lose(reply.err or "", what_to_do(reply), reply.retry_after_ms or 0)

    def lose(self, code: str, action: str, wait_ms: int = 0) -> None:
        self.drop()
        self.awaiting, self.fetching, self.in_flight = {}, set(), set()
        self.state = "waiting" if (what := AFTER[action]) == "reconnecting" else "stopped"
        self.tell(what, code, None)
        if self.state == "waiting":
            self.later(wait_ms, lambda: self.dial() if self.state == "waiting" else None)

    def later(self, wait_ms: int, then: Callable[[], None]) -> None:
        self.after(wait_ms / 1000 + random.random() * min(CAP, BASE * 2**self.attempts), then)
        self.attempts += 1

    def dial(self) -> None:
        self.socket, self.task = None, asyncio.get_running_loop().create_task(self.run())

    def drop(self) -> None:
        _ = self.task and self.task.cancel()

    def say(self, command: wire.Command) -> None:
        frame = command.model_dump_json(by_alias=True, exclude_none=True)
        self.said = asyncio.gather(*[socket.send(frame) for socket in [self.socket] if socket], return_exceptions=True)

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, then)

    async def run(self) -> None:
        with suppress(OSError, WebSocketException):
            async with connect(self.url, subprotocols=[Subprotocol("chat.v1")]) as self.socket:
                self.authenticate()
                async for frame in self.socket:
                    self.received(frame)
        self.closed(self.socket and self.socket.close_code or 1006)
