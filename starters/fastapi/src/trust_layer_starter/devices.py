"""How the list of sessions names devices and instants."""

from datetime import datetime

_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device_name(user_agent: str) -> str:
    """Give a name for people, such as `Safari on iPhone`. A hint: every browser may say of itself what it likes."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    return " on ".join(name for name in (browser, system) if name) or "Unknown device"


def instant_text(instant: datetime) -> str:
    """Give an instant of UTC as `2026-11-23 20:45 UTC`."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"
