"""Prints as JSON what Python's email package makes of the message in a file, and every defect that it finds."""

import email
import email.policy
import json
import sys

with open(sys.argv[1], "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.default)
parts = list(message.iter_parts())
defects = [str(defect) for part in [message, *parts] for defect in part.defects]
defects += [str(defect) for value in message.values() for defect in getattr(value, "defects", [])]
sender = message["From"].addresses[0]
print(
    json.dumps(
        {
            "fields": sorted(message.keys()),
            "subject": message["Subject"],
            "senderName": sender.display_name,
            "senderAddress": sender.addr_spec,
            "to": [address.addr_spec for address in message["To"].addresses],
            "date": message["Date"].datetime.isoformat(),
            "types": [part.get_content_type() for part in parts],
            "text": parts[0].get_content(),
            "html": parts[1].get_content(),
            "defects": defects,
        }
    )
)
