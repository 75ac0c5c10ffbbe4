"""Finds what must not be there: a text in bytes, in any of the forms in which software leaves texts behind."""

import base64
import html
import urllib.parse

# Shorter remains of a shifted base64 text would be found by chance.
LEAST_BASE64 = 7


def forms(secret):
    """Every form of the secret, by name."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "lower hex": raw.hex().encode(),
        "upper hex": raw.hex().upper().encode(),
        "UTF-16": secret.encode("utf-16-le"),
        "URL": urllib.parse.quote(secret, safe="").encode(),
        "form": urllib.parse.quote_plus(secret).encode(),
        "all percent": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "XML": html.escape(secret, quote=False).encode(),
        "reversed": raw[::-1],
    }
    for shift in range(3):
        # Only characters that depend on the secret alone: not those it shares with what stands before or behind.
        whole = base64.b64encode(b"\0" * shift + raw + b"\0" * ((-shift - len(raw)) % 3))
        text = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        if len(text) >= LEAST_BASE64:
            found[f"base64, shifted by {shift}"] = text
            found[f"base64url, shifted by {shift}"] = text.replace(b"+", b"-").replace(b"/", b"_")
    return found


def search(folders_and_files, secrets):
    """(file, secret's name, form) of everything found. `secrets` maps names to texts; the texts themselves are never returned."""
    wanted = [(name, form, pattern) for name, text in secrets.items() for form, pattern in forms(text).items()]
    found = []
    for place in folders_and_files:
        for file in [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file()):
            content = file.read_bytes()
            found += [(str(file), name, form) for name, form, pattern in wanted if pattern in content]
    return found
