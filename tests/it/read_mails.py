"""Reads the mails of a folder with Python's own `email` package and prints what they say, as JSON.

    python3 read_mails.py FOLDER

An independent reader: whatever it gets wrong, a mail program might.
"""

import email
import email.policy
import html.parser
import json
import pathlib
import re
import sys

PAPER = re.compile(r"https://arxiv\.org/abs/(\S+)")
MORE = re.compile(r"\band (\d+) more\b[^\n]*:\s*\n")


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.papers = []

    def handle_starttag(self, tag, attributes):
        found = PAPER.fullmatch(dict(attributes).get("href") or "") if tag == "a" else None
        if found and found[1] not in self.papers:
            self.papers.append(found[1])


def sections(text):
    heads = list(re.finditer(r"^== (.*?) ==$", text, re.DOTALL | re.MULTILINE))
    for head, following in zip(heads, heads[1:] + [None]):
        body = text[head.end() : following.start() if following else len(text)]
        more = MORE.search(body)
        yield {"heading": " ".join(head[1].split()), "papers": PAPER.findall(body), "more": int(more[1]) if more else 0}


def read(path):
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    plain = message.get_body(["plain"]).get_content().replace("\r\n", "\n")
    rich = message.get_body(["html"]).get_content()
    links = Links()
    links.feed(rich)
    return {
        "to": str(message["To"]),
        "subject": str(message["Subject"]),
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "defects": [str(defect) for part in message.walk() for defect in part.defects],
        "sections": list(sections(plain)),
        "papers": links.papers,
        "html_bytes": len(rich.encode()),
    }


mails = [read(path) for path in sorted(pathlib.Path(sys.argv[1]).iterdir())]
json.dump(mails, sys.stdout)
