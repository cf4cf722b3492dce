"""Every problem type that the API may answer with, explained as `error_guide` explains the codes of OAuth."""

from mock_server.api.readings import EXAMPLE
from mock_server.views.error_guide import ErrorGuide
from mock_server.web.problems import PROBLEM_PAGES


def _call(start: str, *fields: str, body: str = "") -> str:
    described = ("Content-Type: application/json", f"Content-Length: {len(body)}") if body else ()
    head = (start, "Host: 127.0.0.1:9400", "Authorization: Bearer ACCESS_TOKEN", *fields, *described)
    return "".join(f"{line}\n" for line in head) + (f"\n{body}" if body else "")


_GUIDES = (
    ErrorGuide(
        "method-not-allowed",
        "405 Method Not Allowed",
        "RFC 9110 §15.5.6",
        "The address is right, and it does not know the method.",
        ("The method is meant for another address: a reading is corrected at its own address, and added to the list.",),
        ("Read Allow in the answer: it lists the methods that this address knows.",),
        _call("GET /api/readings HTTP/1.1"),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "not-acceptable",
        "406 Not Acceptable",
        "RFC 9110 §15.5.7",
        "The client said in Accept what it can read, and JSON, all that the API has, is not among it.",
        ("Accept names one other type only, such as text/csv or application/xml.",),
        ("Send Accept: application/json, or leave Accept out.",),
        _call("GET /api/stations HTTP/1.1", "Accept: application/json"),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "not-json",
        "415 Unsupported Media Type, or 400 Bad Request",
        "RFC 9110 §15.5.16, RFC 8259",
        "The API takes JSON, and what came does not say that it is JSON, or is none.",
        (
            "The Content-Type is missing, or is that of a form: forms are for the token endpoint.",
            "The text is Python and not JSON: single quotes, True, None, or a comma before the last bracket.",
        ),
        ("With Python's requests write json=..., which writes both the body and its Content-Type.",),
        _call("POST /api/readings HTTP/1.1", body=EXAMPLE),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "not-a-reading",
        "422 Unprocessable Content",
        "RFC 9110 §15.5.21",
        "The body is good JSON, and what it says is no reading that a weather station could have sent.",
        (
            "A member is missing, misspelled, or of another type: temperature_c is a number, not a text.",
            "The station does not exist, or the temperature is one that no thermometer on earth shows.",
        ),
        ("Read detail in the answer: it names the member and shows a reading that is right.",),
        _call("POST /api/readings HTTP/1.1", body=EXAMPLE),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "duplicate-reading",
        "409 Conflict",
        "RFC 9110 §15.5.10",
        "A reading with this reference is there already, so nothing was added.",
        (
            "The request was sent again after its answer got lost. The first one had been done.",
            "Two readings were given the same reference.",
        ),
        (
            "After a lost answer: take this for success. Read existing in the answer, which is the address of the first.",
            "For another reading, choose another reference.",
        ),
        _call("POST /api/readings HTTP/1.1", body=EXAMPLE[:-1] + ', "reference": "probe-7-0001"}'),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "no-such-reading",
        "404 Not Found",
        "RFC 9110 §15.5.5",
        "There is no reading of that number.",
        ("The reading was taken back with DELETE.", "The server has started again since, and begins with its first readings."),
        ("Ask for /api/readings, and follow the number of one that is listed there.",),
        _call("GET /api/readings HTTP/1.1"),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "bad-page",
        "400 Bad Request",
        "RFC 8288",
        "The list has no page such as the query asks for.",
        ("limit or after is no whole number, is out of range, or stands there twice.",),
        ("Ask for the first page, and from then on follow the address in the Link header that is marked next.",),
        _call("GET /api/readings?limit=2 HTTP/1.1"),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "precondition-failed",
        "412 Precondition Failed",
        "RFC 9110 §13, §15.5.13",
        "The client asked for a change on a condition, and the condition does not hold: nothing was changed.",
        (
            "Somebody else changed it between your reading and your writing, so its ETag is another now.",
            "If-None-Match: * was sent for something that exists.",
        ),
        ("Read it again, look at what has changed, and send your change with the new ETag in If-Match.",),
        _call("GET /api/readings HTTP/1.1"),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "too-many-requests",
        "429 Too Many Requests",
        "RFC 6585 §4",
        "This client has used up its requests for now. The token is still good.",
        ("A loop asks without a pause, or several copies of the program use one client.",),
        (
            "Wait as many seconds as Retry-After says, then ask once more.",
            "Before that happens, read RateLimit in each answer: r is how many requests are left.",
        ),
        _call("GET /api/stations HTTP/1.1"),
        PROBLEM_PAGES,
    ),
    ErrorGuide(
        "foreign-origin",
        "403 Forbidden",
        "Model Context Protocol, Transports; RFC 6454 §7",
        "A page of another site asked for this, and this server answers programs and its own pages only.",
        ("The request came from JavaScript in a browser, which writes where its page is from into Origin.",),
        ("Ask from a program, which sends no Origin.",),
        _call("GET /api/stations HTTP/1.1"),
        PROBLEM_PAGES,
    ),
)

PROBLEM_GUIDES: dict[str, ErrorGuide] = {guide.code: guide for guide in _GUIDES}
