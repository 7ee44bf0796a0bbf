# notmuch as a library in a process that stays open, as a mail program on top of it would be: one question a line, and as many
# answers as are asked for, each with what a list shows of a message.
import json
import sys

import notmuch2

database = notmuch2.Database(sys.argv[1], config=sys.argv[2])
print("open", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    found = []
    messages = database.messages(
        asked["query"], omit_excluded=notmuch2.Database.EXCLUDE.FALSE, sort=notmuch2.Database.SORT.NEWEST_FIRST
    )
    for message in messages:
        found.append(
            [message.messageid, message.date, message.header("From"), message.header("Subject"), list(message.tags)]
        )
        if len(found) == asked["limit"]:
            break
    print(json.dumps(found), flush=True)
