"""Verifies the DKIM signatures of the message on standard input with dkimpy, and prints their results as JSON.

The arguments are the DNS: NAME=RECORD.
"""

import json
import re
import sys

import dkim

records = dict(argument.split("=", 1) for argument in sys.argv[1:])


def lookup(name, timeout=5):
    record = records.get(name.decode().rstrip("."))
    return record and record.encode()


message = sys.stdin.buffer.read()
results = []
for number, (name, value) in enumerate(h for h in dkim.DKIM(message).headers if h[0].lower() == b"dkim-signature"):
    algorithm = re.search(rb"a=([a-z0-9-]+)", value).group(1).decode()
    try:
        passed = dkim.DKIM(message).verify(idx=number, dnsfunc=lookup)
    except dkim.DKIMException:
        passed = False
    results.append(f"{algorithm} {'pass' if passed else 'fail'}")
print(json.dumps(results))
