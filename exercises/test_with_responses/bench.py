"""Run a test on one client, as a test runner would: an exception fails it, whatever its kind."""

import traceback
from collections.abc import Callable

import requests
import responses

from exercises.test_with_responses.clients import GetToken, client

Test = Callable[[responses.RequestsMock, GetToken], object]


def run(test: Test, variant: str) -> dict[str, object]:
    """`test(mock, get_token)` with the client of that name: `accepted`, the `reason` where not, and what the mock answered.

    `mocked` holds each answer of the mock: `method`, `url`, `headers` and `body` of the request, `status` and `answer`,
    its body. NotImplementedError from a test that is not written yet, KeyError for an unknown variant.
    """
    get_token = client(variant)
    mocked: list[dict[str, object]] = []

    def keep(answer: requests.Response) -> requests.Response:
        mocked.append(_exchange(answer))
        return answer

    reason = ""
    try:
        with responses.RequestsMock(assert_all_requests_are_fired=False, response_callback=keep) as mock:
            test(mock, get_token)
    except (NotImplementedError, KeyboardInterrupt):
        raise
    except BaseException as error:  # pytest.fail and pytest.raises raise what is no Exception.
        reason = f"{type(error).__name__}: {error}".rstrip(": ") + _where(test, error)
    return {"accepted": not reason, "reason": reason, "mocked": mocked}


def _exchange(answer: requests.Response) -> dict[str, object]:
    body = answer.request.body or ""
    return {
        "method": answer.request.method,
        "url": answer.request.url,
        "headers": dict(answer.request.headers),
        "body": body if isinstance(body, str) else body.decode("utf-8"),
        "status": answer.status_code,
        "answer": answer.text,
    }


def _where(test: Test, error: BaseException) -> str:
    """The last line of the test itself, for an assert that says nothing."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name == getattr(test, "__name__", "")]
    return f" (in the line {frames[-1].line})" if frames and frames[-1].line else ""
