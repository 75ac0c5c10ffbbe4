#!/usr/bin/python3
"""Trains the dictionary that kept answers are compressed with, on the fixtures' replies with invented values; never on real ones.

Usage: tools/train_dictionary.py. Writes src/cache/reply_dictionary.cpp, the same each time; needs the command zstd. A dictionary
that has been in use must not change: what it has compressed could not be read any more. Give a new one a new number.
"""

import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "src" / "cache" / "reply_dictionary.cpp"
NUMBER = 1
LARGEST = 12 * 1024
SAMPLES = 1200


def digits(source, count):
    return "".join(source.choice("0123456789") for _ in range(count))


def letters(source, count):
    return "".join(source.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(count))


def invented(text, source):
    """The reply with other values wherever they differ from one consult to the next."""
    year = source.randrange(2018, 2030)
    changes = {
        r">\d{11}<": lambda: f">{digits(source, 11)}<",
        r">\d{13}<": lambda: f">{digits(source, 13)}<",
        r">\d{14}<": lambda: f">{digits(source, 14)}<",
        r">20\d\d-\d\d-\d\d<": lambda: f">{year}-{source.randrange(1, 13):02}-{source.randrange(1, 29):02}<",
        r">19\d\d-\d\d-\d\d<": lambda: f">19{source.randrange(20, 99)}-{source.randrange(1, 13):02}-{source.randrange(1, 29):02}<",
        r"<c:FirstName>[^<]*": lambda: f"<c:FirstName>{letters(source, source.randrange(4, 9))}",
        r"<c:LastName>[^<]*": lambda: f"<c:LastName>{letters(source, source.randrange(4, 12))}",
        r"<c:Sex>[^<]*": lambda: f"<c:Sex>{source.choice(('female', 'male'))}",
        r"COUNTER1-\d+": lambda: f"{letters(source, 6)}{digits(source, 4)}",
        r"EXAMPLEAPPROVAL\d+": lambda: letters(source, 14) + digits(source, 18),
        r"<c:Code([12])>\d+": lambda: f"<c:Code\\1>{source.choice(('110', '111', '120', '130', '131', '140', '180'))}",
    }
    for pattern, value in changes.items():
        text = re.sub(pattern, lambda found, value=value: found.expand(value()), text)
    return text


def train(folder):
    source = random.Random(2018)
    replies = [(ROOT / "tests" / "fixtures" / name).read_text() for name in ("consult-reply.xml", "generic-reply.xml")]
    files = []
    for number in range(SAMPLES):
        text = invented(replies[number % 4 == 3], source)
        if number % 3 == 0:
            text = re.sub(r">\s+<", "><", text)
        file = folder / f"{number:04}"
        file.write_text(text)
        files.append(file)
    made = folder / "dictionary"
    subprocess.run(["zstd", "-q", "--train", *files, "-o", made, f"--maxdict={LARGEST}", f"--dictID={NUMBER}"], check=True)
    return made.read_bytes()


def main():
    with tempfile.TemporaryDirectory() as folder:
        dictionary = train(pathlib.Path(folder))
    rows = [dictionary[at:at + 32] for at in range(0, len(dictionary), 32)]
    lines = [
        "// Made by tools/train_dictionary.py from the fixtures' replies; not to be edited. See reply_codec.cpp.",
        '#include "reply_dictionary.hpp"',
        "",
        "namespace garde::cache {",
        "",
        "// clang-format off",
        f"const std::array<unsigned char, {len(dictionary)}> reply_dictionary_bytes{{",
        *("    " + "".join(f"{byte}," for byte in row) for row in rows),
        "};",
        "// clang-format on",
        "",
        "const std::span<const unsigned char> reply_dictionary = reply_dictionary_bytes;",
        "",
        "}  // namespace garde::cache",
        "",
    ]
    OUT.write_text("\n".join(lines))
    print(f"{OUT.relative_to(ROOT)}: {len(dictionary)} bytes, {len(rows)} rows")


if __name__ == "__main__":
    sys.exit(main())
