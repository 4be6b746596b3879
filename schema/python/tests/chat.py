"""Chats with a real server: answers every message of others, and writes what it is told as JSON, line by line.

Usage: python -m tests.chat <url> <token> <room>. It ends with its input.
"""

import asyncio
import json
import sys
import uuid

from client import Client, What
from models import native as wire


async def chat(url: str, token: str, room: str) -> None:
    """Connects, and stays until the input ends."""

    def tell(what: What, about: str, packet: wire.Event | wire.Reply | None) -> None:
        if isinstance(packet, wire.MessagePacket):
            message = packet.message
            text = message.content.payload["text"]
            print(json.dumps({"what": "message", "seq": message.seq, "from": message.from_, "text": text}), flush=True)
            if client.auth and message.from_ != client.auth.user_id:
                answer = wire.Content(type="text/plain", payload={"text": f"re: {text}"})
                client.send(room, answer, str(uuid.uuid4()))
        elif what != "event":
            print(json.dumps({"what": what, "id": about}), flush=True)

    client = Client(url, tell)
    client.authorize(token)
    await asyncio.to_thread(sys.stdin.read)
    client.lose("closed", "stop")


asyncio.run(chat(*sys.argv[1:4]))
