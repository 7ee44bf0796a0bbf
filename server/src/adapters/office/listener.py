"""Runs inside the jail: starts LibreOffice, says `ready`, converts one document, and ends.

One line of JSON comes in, {"source": path, "target": path}; one goes out, {"ok": true} or {"ok": false, "words": …}.
One document only: whatever a document does to this LibreOffice, no other document meets it.
"""

import json
import os
import signal
import subprocess
import sys
import time

import uno
from com.sun.star.beans import PropertyValue

soffice, profile_url, pipe = sys.argv[1:4]
START_SECONDS = 60

FILTERS = (
    ("com.sun.star.text.GenericTextDocument", "writer_pdf_Export"),
    ("com.sun.star.sheet.SpreadsheetDocument", "calc_pdf_Export"),
    ("com.sun.star.presentation.PresentationDocument", "impress_pdf_Export"),
    ("com.sun.star.drawing.DrawingDocument", "draw_pdf_Export"),
)


def properties(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


def connect():
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            remote = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
        except Exception:
            if office.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)


def convert(desktop, source, target):
    # 0 in both: never run macros, never update links.
    how = properties(Hidden=True, ReadOnly=True, MacroExecutionMode=0, UpdateDocMode=0)
    document = desktop.loadComponentFromURL(uno.systemPathToFileUrl(source), "_blank", 0, how)
    if document is None:
        raise RuntimeError("could not be loaded")
    name = next(name for service, name in FILTERS if document.supportsService(service))
    document.storeToURL(uno.systemPathToFileUrl(target), properties(FilterName=name))


def say(words):
    print(words, flush=True)


office = subprocess.Popen(
    [
        soffice,
        f"-env:UserInstallation={profile_url}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        "--nofirststartwizard",
        f"--accept=pipe,name={pipe};urp",
    ],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    # `soffice` only starts what does the work: its group is ended, not it alone. No session of its own, which would be
    # weighed as if nothing had been said about its niceness.
    preexec_fn=os.setpgrp,
)
try:
    desktop = connect()
    say("ready")
    line = sys.stdin.readline()
    if line:
        order = json.loads(line)
        try:
            convert(desktop, order["source"], order["target"])
            say(json.dumps({"ok": True}))
        except Exception as error:
            say(json.dumps({"ok": False, "words": str(error)[:500]}))
finally:
    os.killpg(office.pid, signal.SIGKILL)
