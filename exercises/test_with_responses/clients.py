"""The client that is under test, a good one in two spellings, and the mistakes that a test must notice."""

from collections.abc import Callable
from urllib.parse import urlencode

import requests

TOKEN_URL = "https://auth.example/token"
CLIENT_ID, CLIENT_SECRET = "meter-7", "k7&x=9"
GRANT_TYPE = "client_credentials"
FORM = "application/x-www-form-urlencoded"

GetToken = Callable[[str, str, str], object]


def good(token_url: str, client_id: str, client_secret: str) -> str:
    """The access token, asked for with the credentials in the body; requests.HTTPError for a refusal."""
    return _token(_post(token_url, data=_form(client_id, client_secret)))


def good_in_another_order(token_url: str, client_id: str, client_secret: str) -> str:
    """The same parameters in another order: the order means nothing in a form."""
    return _token(_post(token_url, data=dict(reversed(_form(client_id, client_secret).items()))))


def json_body(token_url: str, client_id: str, client_secret: str) -> str:
    return _token(_post(token_url, json=_form(client_id, client_secret)))


def no_content_type(token_url: str, client_id: str, client_secret: str) -> str:
    return _token(_post(token_url, data=urlencode(_form(client_id, client_secret))))


def secret_in_the_url(token_url: str, client_id: str, client_secret: str) -> str:
    return _token(_post(token_url, data=_form(client_id, client_secret), params={"client_secret": client_secret}))


def misspelled_grant_type(token_url: str, client_id: str, client_secret: str) -> str:
    return _token(_post(token_url, data=_form(client_id, client_secret) | {"grant_type": "client-credentials"}))


def glued_body(token_url: str, client_id: str, client_secret: str) -> str:
    form = "&".join(f"{name}={value}" for name, value in _form(client_id, client_secret).items())
    return _token(_post(token_url, data=form, headers={"Content-Type": FORM}))


def returns_the_whole_answer(token_url: str, client_id: str, client_secret: str) -> dict:
    answer = _post(token_url, data=_form(client_id, client_secret))
    answer.raise_for_status()
    return answer.json()


def asks_twice(token_url: str, client_id: str, client_secret: str) -> str:
    good(token_url, client_id, client_secret)
    return good(token_url, client_id, client_secret)


def swallows_the_refusal(token_url: str, client_id: str, client_secret: str) -> str | None:
    return _post(token_url, data=_form(client_id, client_secret)).json().get("access_token")


def returns_the_error(token_url: str, client_id: str, client_secret: str) -> str:
    fields = _post(token_url, data=_form(client_id, client_secret)).json()
    return fields.get("access_token") or fields.get("error", "")


_CLIENTS: dict[str, GetToken] = {
    each.__name__: each
    for each in (
        good,
        good_in_another_order,
        json_body,
        no_content_type,
        secret_in_the_url,
        misspelled_grant_type,
        glued_body,
        returns_the_whole_answer,
        asks_twice,
        swallows_the_refusal,
        returns_the_error,
    )
}


def client(variant: str) -> GetToken:
    """The client of that name. KeyError, with those that there are, for any other."""
    if variant not in _CLIENTS:
        raise KeyError(f"There is no client {variant!r}; there is: {', '.join(_CLIENTS)}.")
    return _CLIENTS[variant]


def _form(client_id: str, client_secret: str) -> dict[str, str]:
    return {"grant_type": GRANT_TYPE, "client_id": client_id, "client_secret": client_secret}


def _post(url: str, **settings: object) -> requests.Response:
    return requests.post(url, timeout=10, **settings)


def _token(answer: requests.Response) -> str:
    answer.raise_for_status()
    return answer.json()["access_token"]
