"""What is expected of each role, and where a check must know more than the description can say.

No check is switched off. Where the standard expectation of one is changed, the reason stands beside it.
"""

import json

# What everybody may do: what needs no sign-in, one's own affairs, and what is nobody's.
EVERYBODY = (
    "/sessions", "/password-resets", "/activations", "/invitations", "/systems", "/me", "/api-tokens", "/generations",
)
# What else each role may do; everything where there are no methods.
MAY = {
    "partner-admin": {"/partners": None, "/explanations": {"GET"}},
    "client-admin": {"/clients": None},
    "analyst": {"/clients/{client}": {"GET"}, "/clients/{client}/systems": {"GET"},
                "/clients/{client}/systems/{system}": {"GET"}},
}
# What of everybody's affairs a role has no part in: an analyst has no right to make API tokens, and so none to delete.
MAY_NOT = {"analyst": {"POST /api-tokens", "DELETE /api-tokens/{id}"}}
# Operations that the session's cookie alone opens. An API token never does.
SESSION_ONLY = [{"session": []}]

# The statuses that a valid request may be answered with, besides those that Schemathesis itself accepts: 2xx, 3xx, 401,
# 403 (the role), 404 (the id is another's, or unknown), 409 (a rule about what exists) and 429 (too many tries).
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429"]
# The statuses that an invalid request may be answered with. 412 and 410 are refusals too: an If-Match that is no tag
# matches nothing, and a text that cannot be a link's secret is a dead link (the same answer as for a used one).
REFUSED = ["400", "401", "403", "404", "405", "409", "410", "412", "413", "415", "422", "428", "429"]
# A required If-Match that is missing is answered by RFC 6585's status for just that; 404 and 403 come first.
HEADER_MISSING = ["428", "400", "401", "403", "404", "415", "422"]

# 422 for a valid body: the operation, and the rule that a JSON Schema cannot hold. Every operation that is not named
# here must take each body that its schema allows.
NAMES = "Names and reasons are printable text, names without blanks around them, by Unicode's classes of characters."
ADDRESS = "`format: email` takes quoted and literal forms that are valid and refused: blanks, brackets, quotes."
GRANTS = "Whether the role may be given, and the systems exist, depends on who asks and on what is stored."
PASSWORD = "Common, short and guessable passwords are refused: a list, and the person's own names."
SYSTEM = "A System Client ID is printable text of at most 128 bytes, not characters; and is used only once."
SLUG = "Folders and names of files are of a-z, 0-9 and '-'."
ENVIRONMENT = "An environment's name is of a-z, 0-9 and '-', a letter first."
SYSTEM_TYPE = "Not every system type is supported."
TEXTS = "Texts, names and notes hold characters that can be seen, and Markdown without what is not allowed in items."
CONTENT = "An item is valid by the schema of its kind; it is sent, or another one is copied, not both."
ARCHIVE = "An archive is one that can be read, of items that are valid."
CHOSEN = "The items that are named are in this Editor, and valid together."
SYSTEM_PATH, STANDARD_PATH = "/clients/{client}/systems/{system}", "/partners/{partner}/standard-content/{type}"
CLIENT_ITEMS, PARTNER_ITEMS = SYSTEM_PATH + "/items", "/partners/{partner}/items"
SCHEMA_ALLOWS_MORE = {
    "POST /password-resets": ADDRESS,
    "POST /password-resets/{token}": PASSWORD,
    "PUT /me/password": f"{PASSWORD} The present one must be right.",
    "PATCH /me": NAMES,
    "POST /api-tokens": f"{NAMES} An end lies ahead, within a year.",
    "PATCH /partners/{partner}/settings": "A retiring variable ends within 90 days from now.",
    "POST /partners/{partner}/staff": ADDRESS,
    "POST /partners/{partner}/clients": f"{NAMES} {SYSTEM} {ADDRESS}",
    "PATCH /partners/{partner}/clients/{client}": SYSTEM,
    "POST /partners/{partner}/clients/{client}/admins": ADDRESS,
    "POST /partners/{partner}/client-imports": "A table's first line names its columns.",
    "PUT /partners/{partner}/clients/{client}/suspension": NAMES,
    "PUT /partners/{partner}/clients/{client}/closing": NAMES,
    "PUT /clients/{client}/closing": NAMES,
    "POST /activations/{token}/acceptance": f"{NAMES} {PASSWORD} An empty object is for who is signed in.",
    "POST /invitations/{token}/acceptance": f"{NAMES} {PASSWORD} An empty object is for who is signed in.",
    "POST /clients/{client}/systems": f"{NAMES} {SYSTEM}",
    "PATCH /clients/{client}/systems/{system}": f"{NAMES} {SYSTEM}",
    "POST /clients/{client}/users": f"{ADDRESS} {GRANTS}",
    "PATCH /clients/{client}/users/{person}": GRANTS,
    "POST /clients/{client}/partner-invitations": f"{NAMES} {ADDRESS} {GRANTS} No address stands twice.",
    "PATCH /clients/{client}/partner-accounts/{account}": NAMES,
    "POST /clients/{client}/partner-accounts/{account}/deletion": "The name that is repeated is the account's.",
    "POST /clients/{client}/partner-accounts/{account}/merge": "An account is not merged into itself.",
    "PATCH /clients/{client}/partner-accounts/{account}/users/{person}": GRANTS,
    f"GET {CLIENT_ITEMS}": SLUG,
    f"GET {PARTNER_ITEMS}": f"{SLUG} {SYSTEM_TYPE}",
    f"POST {CLIENT_ITEMS}": f"{CONTENT} {SLUG}",
    f"POST {PARTNER_ITEMS}": f"{CONTENT} {SLUG} {SYSTEM_TYPE}",
    f"PATCH {CLIENT_ITEMS}/{{item}}": f"{CONTENT} {SLUG}",
    f"PATCH {PARTNER_ITEMS}/{{item}}": f"{CONTENT} {SLUG}",
    f"POST {CLIENT_ITEMS}/{{item}}/origin": "What is taken are fields that differ.",
    "POST /partners/{partner}/solutions": f"{SLUG} {TEXTS} {SYSTEM_TYPE}",
    "PATCH /partners/{partner}/solutions/{solution}": f"{TEXTS} English is always there.",
    "POST /partners/{partner}/solutions/{solution}/versions": f"{CHOSEN} {TEXTS}",
    "POST /partners/{partner}/publications": f"{CHOSEN} {TEXTS} {SYSTEM_TYPE}",
    "POST /partners/{partner}/solutions/{solution}/versions/{number}/advisories": TEXTS,
    f"POST {SYSTEM_PATH}/downloads": "A solution is named, or `standard`; one of both.",
    f"POST {SYSTEM_PATH}/archive": ARCHIVE,
    "POST /partners/{partner}/archive": ARCHIVE,
    "GET /explanations": f"A variable is a JavaScript name. {SYSTEM} {ENVIRONMENT}",
    f"POST {SYSTEM_PATH}/releases": f"{CHOSEN} {TEXTS} {ENVIRONMENT}",
    f"POST {STANDARD_PATH}/releases": f"{TEXTS} {ENVIRONMENT}",
    "POST /partners/{partner}/clients/{client}/systems/{system}/releases": TEXTS,
    f"POST {SYSTEM_PATH}/environments": ENVIRONMENT,
    f"POST {STANDARD_PATH}/environments": ENVIRONMENT,
}
LINK_DEAD = "A link's secret is any text to the description: 410 is the answer to one that leads nowhere."
STALE = "Any tag is a valid If-Match; 412 is the answer where it is not the state's."


def is_everybodys(path: str) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in EVERYBODY)


def may(role: str, method: str, path: str) -> bool:
    """Whether an operation can succeed for a role."""
    if is_everybodys(path):
        return f"{method} {path}" not in MAY_NOT.get(role, ())
    for prefix, methods in MAY[role].items():
        if methods is None and path.startswith(prefix + "/"):
            return True
        if methods and path == prefix:
            return method in methods
    return False


def accepted(method: str, path: str, needs_match: bool) -> dict[str, str]:
    """The further statuses of an operation's valid requests, each with its reason."""
    statuses = {}
    if reason := SCHEMA_ALLOWS_MORE.get(f"{method} {path}"):
        statuses["422"] = reason
    if "{token}" in path:
        statuses["410"] = LINK_DEAD
    if needs_match:
        statuses["412"] = STALE
    return statuses


def configuration(document: dict, role: str, base: str, hooks: str, examples: int, is_first: bool) -> str:
    """Schemathesis's configuration, in TOML. `is_first` says that no other role was run before."""
    lines = [
        f"base-url = {text(base)}", f"hooks = {text(hooks)}", "continue-on-failure = true", "request-timeout = 60.0",
        "[output.sanitization]", "enabled = false",
        "[generation]", f"max-examples = {examples}", 'database = "none"',
        "[phases.stateful.generation]", f"max-examples = {examples * 10}",
        "[checks]", "positive_data_acceptance.expected-statuses = " + json.dumps(ACCEPTED),
        "negative_data_rejection.expected-statuses = " + json.dumps(REFUSED),
        # How long answers take is measured by Benchmarks; here a busy machine must not fail them.
        "max_response_time = 60.0",
        "missing_required_header.expected-statuses = " + json.dumps(HEADER_MISSING),
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += section(method.upper(), path, operation, role, examples, is_first)
    return "\n".join(lines) + "\n"


def section(method: str, path: str, operation: dict, role: str, examples: int, is_first: bool) -> list[str]:
    """One operation's own part."""
    lines = ["[[operations]]", f"include-name = {text(f'{method} {path}')}"]
    needs_match = any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", []))
    if further := accepted(method, path, needs_match):
        lines.append("checks.positive_data_acceptance.expected-statuses = " + json.dumps([*ACCEPTED, *further]))
    if not may(role, method, path) or is_everybodys(path) and not is_first:
        # What a role may not do is answered by a few refusals, and the request is read just as for the role that may;
        # what everybody may does not depend on the role, and half of it costs a password's hash each time. Each goes
        # over all boundaries of its schemas ("coverage") only once: by the role that may, or by the first.
        lines += [f"generation.max-examples = {max(2, examples // 4)}", "phases.coverage.enabled = false"]
    return lines if len(lines) > 2 else []


def text(value: str) -> str:
    """A string of TOML; JSON's form is one."""
    return json.dumps(value)
