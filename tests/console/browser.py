"""A headless Chromium, driven over its debugging pipe: pages are opened, keys pressed, pictures taken.

The DevTools protocol: messages in JSON, each ended by a null byte.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

_PATIENCE = 30.0
_ENTRY = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
# the browser reads from 3 and writes to 4


class Browser:
    """One page of one browser. `requests` are the addresses that it asked for, `errors` what its scripts said."""

    def __init__(self, program: str, width: int, height: int, *, touch: bool = False) -> None:
        self._profile = tempfile.mkdtemp(prefix="chiasm-browser-")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        wrapped = [sys.executable, "-c", _ENTRY, str(theirs_in), str(theirs_out)]
        options = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
            "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking",
            f"--user-data-dir={self._profile}",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            [*wrapped, program, *options], pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._numbers = itertools.count(1)
        self._held = b""
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._session = ""
        try:
            self._begin(width, height, touch=touch)
        except BaseException:
            self.close()
            raise

    def _begin(self, width: int, height: int, *, touch: bool) -> None:
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        self.resize(width, height, touch=touch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and remove its profile."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._profile, ignore_errors=True)

    def resize(self, width: int, height: int, *, touch: bool = False) -> None:
        """Take the size of a window, or of a phone that is touched."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )
        self._call("Emulation.setTouchEmulationEnabled", enabled=touch)

    def open(self, address: str) -> None:
        """Go to a page, and wait until it is loaded."""
        self._call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def ask(self, expression: str) -> Any:
        """The value of an expression on the page; promises are waited for."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )  # fmt: skip
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until an expression is true on the page; its value."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                value = self.ask(f"(v => v instanceof Node ? true : v)({expression})")
            except AssertionError:
                value = None
            if value:
                return value
            assert time.monotonic() < end, f"it did not come to {expression}"
            time.sleep(0.03)

    def key(self, name: str) -> None:
        """Press a key and let it go."""
        text = {"text": name} if len(name) == 1 else {}
        self._call("Input.dispatchKeyEvent", type="keyDown", key=name, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self._call("Input.insertText", text=text)

    def mouse(self, kind: str, x: float, y: float, button: str = "left", **more: Any) -> None:
        """One event of the mouse: mousePressed, mouseMoved, mouseReleased, mouseWheel."""
        buttons = {"left": 1, "right": 2, "middle": 4, "none": 0}[button]
        self._call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button,
            buttons=0 if kind == "mouseReleased" else buttons, clickCount=1, **more,
        )  # fmt: skip

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: str = "left") -> None:
        """Press at one place, move to another in a few steps, and let go."""
        self.mouse("mousePressed", *start, button)
        for step in range(1, 5):
            part = step / 4
            self.mouse(
                "mouseMoved",
                start[0] + (end[0] - start[0]) * part,
                start[1] + (end[1] - start[1]) * part,
                button,
            )
        self.mouse("mouseReleased", *end, button)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """One event of fingers: touchStart, touchMove, touchEnd."""
        self._call(
            "Input.dispatchTouchEvent", type=kind,
            touchPoints=[{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)],
        )  # fmt: skip

    def picture(self, path: Path) -> None:
        """Keep what is seen as a PNG file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))

    def _call(self, method: str, **arguments: Any) -> Any:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']['message']}"
                return answer["result"]
            self._note(answer)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has ended"
            self._held += part
        text, _, self._held = self._held.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    def _note(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(told["exceptionDetails"]["exception"].get("description", "an exception"))
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                self.errors.append(told["entry"]["text"] + " " + told["entry"].get("url", ""))
            case _:
                pass
