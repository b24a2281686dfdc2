"""A real browser for tests: headless Chromium, driven by the W3C WebDriver protocol over urllib.

    with Browser() as browser:
        browser.open("file:///…/page.html")
        browser.script("return document.title")

The browser has an empty profile of its own and no network. Whatever is started is ended by its own
id, whole groups of processes included.
"""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
]
PATIENCE_S = 60
KEYS = {
    "left": "\ue012", "up": "\ue013", "right": "\ue014", "down": "\ue015", "home": "\ue011",
    "end": "\ue010", "space": " ", "escape": "\ue00c", "tab": "\ue004",
}


def absent():
    """Why there is no browser, or None if there is one."""
    for program in ("chromedriver", "chromium"):
        if not shutil.which(program):
            return f"{program} is not here"
    return None


class Failure(Exception):
    """What the browser or its driver said."""


class Browser:
    def __init__(self, width=1200, height=900):
        self.profile = tempfile.TemporaryDirectory(
            prefix="minibit-browser.", ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )
        try:
            self.base = f"http://127.0.0.1:{self._port()}"
            self.session = None
            self._begin(width, height)
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
        raise Failure("chromedriver does not start")

    def _begin(self, width, height):
        arguments = [*ARGUMENTS, f"--user-data-dir={self.profile.name}",
                     f"--window-size={width},{height}"]
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments, "binary": shutil.which("chromium")},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}})
        self.session = answer["sessionId"]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Failure(json.load(error)["value"]["message"].split("\n")[0]) from None

    def call(self, path, body=None):
        """A command of the session: POST with a body, else GET."""
        return self._call("GET" if body is None else "POST", f"/session/{self.session}{path}", body)

    def open(self, url):
        self.call("/url", {"url": url})

    def script(self, text, *arguments):
        """Runs `text` as a function's body in the page; what it returns."""
        return self.call("/execute/sync", {"script": text, "args": list(arguments)})

    def wait(self, condition, what, seconds=PATIENCE_S):
        """Until the script returns something true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.script(condition)
            if found:
                return found
            time.sleep(0.05)
        raise Failure(f"in {seconds} s not: {what}")

    def protocol(self, command, **parameters):
        """A command of Chromium's own protocol."""
        return self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.protocol("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)

    def media(self, **features):
        """Sets media features: media(prefers_color_scheme="dark")."""
        self.protocol("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def press(self, *keys):
        """Presses keys one after the other where the focus is."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def move(self, x, y):
        """Moves the mouse to a point of the window."""
        self.call("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]}]})

    def picture(self, path):
        """A PNG of what the window shows."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("/screenshot")))

    def complaints(self):
        """What the page's console said since the last time, warnings and errors."""
        entries = self.call("/se/log", {"type": "browser"})
        return [e["message"] for e in entries if e["level"] in ("WARNING", "SEVERE")]

    def requests(self):
        """Addresses that pages asked for since the last time; the browser's own pages do not count."""
        events = [json.loads(e["message"])["message"]
                  for e in self.call("/se/log", {"type": "performance"})]
        asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [a["request"]["url"] for a in asked if not a["documentURL"].startswith("chrome:")]

    def close(self):
        try:
            if getattr(self, "session", None):
                self._call("DELETE", f"/session/{self.session}")
        except (Failure, OSError):
            pass
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.driver.wait()
        self.driver.stdout.close()
        self.profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
