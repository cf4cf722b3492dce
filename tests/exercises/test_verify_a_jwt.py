"""Right answers pass with any library, and wrong ones fail with their message."""

import base64
import functools
import hmac
import json
import sys
import urllib.request

import jwt
import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from exercise_proof import solved, without_line_number
from joserfc import jws
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from exercises import check

# Right answers


@functools.cache
def jwk_client(jwks_url):
    return jwt.PyJWKClient(jwks_url, cooldown_duration=0)


def pyjwt_and_its_client(token, jwks_url, issuer, audience, now):
    key = jwk_client(jwks_url).get_signing_key_from_jwt(token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    own = {"verify_exp": False, "verify_iat": False, "require": ["exp", "aud", "iss"]}
    claims = jwt.decode(token, key, algorithms=[key.algorithm_name], issuer=issuer, audience=[audience], options=own)
    assert now < claims["exp"] + 60
    return claims


KEY_SETS = {}


def joserfc_alone(token, jwks_url, issuer, audience, now):
    known = KEY_SETS.get(jwks_url)
    if known is None or jws.extract_compact(token.encode("ascii")).headers()["kid"] not in [key.kid for key in known]:
        known = KEY_SETS[jwks_url] = KeySet.import_key_set(requests.get(jwks_url, timeout=10).json())
    found = jose_jwt.decode(token, known, algorithms=["ES256", "RS256", "EdDSA"])
    if found.header.get("typ") != "at+jwt":
        raise ValueError("typ")
    rules = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": audience}, "exp": {"essential": True}}
    jose_jwt.JWTClaimsRegistry(now=int(now), **rules).validate(found.claims)
    return found.claims


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def number(text: str) -> int:
    return int.from_bytes(decoded(text), "big")


class ByHand:
    """Each step is a method, so that a wrong answer is one method that differs."""

    def __init__(self):
        self.known = {}
        self.__name__ = type(self).__name__

    def __call__(self, token, jwks_url, issuer, audience, now):
        first, second, third = token.split(".")
        header, claims = json.loads(decoded(first)), json.loads(decoded(second))
        self.check_signature(header, f"{first}.{second}".encode("ascii"), decoded(third), jwks_url)
        self.check_type(header)
        self.check_issuer(claims, issuer)
        self.check_audience(claims, audience)
        self.check_time(claims, now)
        return self.answer(header, claims)

    def fetch(self, jwks_url):
        with urllib.request.urlopen(jwks_url, timeout=10) as answer:
            return {key["kid"]: key for key in json.load(answer)["keys"]}

    def key(self, header, jwks_url):
        if header["kid"] not in self.known.get(jwks_url, {}):
            self.known[jwks_url] = self.fetch(jwks_url)
        return self.known[jwks_url][header["kid"]]

    def check_signature(self, header, data, signature, jwks_url):
        key = self.key(header, jwks_url)
        if header["alg"] != key["alg"]:
            raise ValueError("this key is for another algorithm")
        public = jwt.PyJWK(key).key
        if key["alg"] == "EdDSA":
            public.verify(signature, data)
        elif key["alg"] == "RS256":
            public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        else:
            numbers = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            public.verify(utils.encode_dss_signature(*numbers), data, ec.ECDSA(hashes.SHA256()))

    def check_type(self, header):
        if header.get("typ", "").lower().removeprefix("application/") != "at+jwt":
            raise ValueError("no access token")

    def check_issuer(self, claims, issuer):
        if claims["iss"] != issuer:
            raise ValueError("another issuer")

    def check_audience(self, claims, audience):
        named = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
        if audience not in named:
            raise PermissionError("for another API")

    def check_time(self, claims, now):
        if not now < claims["exp"]:
            raise TimeoutError("expired")

    def answer(self, header, claims):
        return claims


class AsksPyJWTForTheAlgorithm(ByHand):
    """NotImplementedError is what PyJWT raises for an algorithm that it does not know."""

    def check_signature(self, header, data, signature, jwks_url):
        algorithm, key = jwt.get_algorithm_by_name(header["alg"]), jwt.PyJWK(self.key(header, jwks_url))
        if header["alg"] != key.algorithm_name or not algorithm.verify(data, key.key, signature):
            raise ValueError("not signed with this key")


def fetches_again_at_most_once_a_minute():
    """Bounded by the clock that is passed in, as the flood of unknown names asks for."""
    hand, fetched_at = ByHand(), {}

    def verify(token, jwks_url, issuer, audience, now):
        known = jwt.get_unverified_header(token)["kid"] in hand.known.get(jwks_url, {})
        if not known and now - fetched_at.get(jwks_url, 0) < 60:
            raise LookupError("the keys were fetched a moment ago")
        if not known:
            fetched_at[jwks_url] = now
        return hand(token, jwks_url, issuer, audience, now)

    return verify


RIGHT = [
    solved("verify_a_jwt"),
    pyjwt_and_its_client,
    joserfc_alone,
    ByHand(),
    ByHand().__call__,
    AsksPyJWTForTheAlgorithm(),
    fetches_again_at_most_once_a_minute(),
]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("verify", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(verify):
    result = check("verify_a_jwt", verify)
    assert result.passed, result
    assert [outcome.points for outcome in result.outcomes] == [1, 3, 1, 2, 1, 1, 1]


# Wrong answers


class ChecksNoSignature(ByHand):
    def check_signature(self, header, data, signature, jwks_url):
        return None


class TakesTheKeyThatTheTokenBrings(ByHand):
    def key(self, header, jwks_url):
        return header.get("jwk") or super().key(header, jwks_url)


class TakesAlgNone(ByHand):
    def check_signature(self, header, data, signature, jwks_url):
        if header["alg"] != "none":
            super().check_signature(header, data, signature, jwks_url)


class TakesAlgNoneInAnotherSpelling(ByHand):
    def check_signature(self, header, data, signature, jwks_url):
        if header["alg"].lower() != "none":
            super().check_signature(header, data, signature, jwks_url)
        elif header["alg"] == "none":
            raise ValueError("alg none")


class LetsTheTokenChooseTheAlgorithm(ByHand):
    def check_signature(self, header, data, signature, jwks_url):
        if header["alg"] != "HS256":
            return super().check_signature(header, data, signature, jwks_url)
        public = jwt.PyJWK(self.key(header, jwks_url)).key
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if not hmac.compare_digest(hmac.digest(pem, data, "sha256"), signature):
            raise InvalidSignature


class TakesTheFirstKey(ByHand):
    def key(self, header, jwks_url):
        super().key(header, jwks_url)
        return next(iter(self.known[jwks_url].values()))


class KnowsOneAlgorithm(ByHand):
    def check_signature(self, header, data, signature, jwks_url):
        if header["alg"] != "RS256":
            raise ValueError("expected RS256")
        super().check_signature(header, data, signature, jwks_url)


class FetchesForEachToken(ByHand):
    def key(self, header, jwks_url):
        return self.fetch(jwks_url)[header["kid"]]


class NeverFetchesAgain(ByHand):
    def key(self, header, jwks_url):
        if jwks_url not in self.known:
            self.known[jwks_url] = self.fetch(jwks_url)
        return self.known[jwks_url][header["kid"]]


class KeepsWithdrawnKeys(ByHand):
    def key(self, header, jwks_url):
        known = self.known.setdefault(jwks_url, {})
        if header["kid"] not in known:
            known.update(self.fetch(jwks_url))
        return known[header["kid"]]


class IgnoresTheIssuer(ByHand):
    def check_issuer(self, claims, issuer):
        return None


class LooksAtTheBeginningOfTheIssuer(ByHand):
    def check_issuer(self, claims, issuer):
        if not claims["iss"].startswith(issuer):
            raise ValueError("another issuer")


class IgnoresTheAudience(ByHand):
    def check_audience(self, claims, audience):
        return None


class ExpectsOneAudience(ByHand):
    def check_audience(self, claims, audience):
        if claims["aud"] != audience:
            raise ValueError("for another API")


class LooksForATextInTheAudience(ByHand):
    def check_audience(self, claims, audience):
        if audience not in claims["aud"]:
            raise ValueError("for another API")


class IgnoresTheType(ByHand):
    def check_type(self, header):
        return None


class TakesAnAbsentType(ByHand):
    def check_type(self, header):
        if header.get("typ", "at+jwt") != "at+jwt":
            raise ValueError("no access token")


class IgnoresTheTime(ByHand):
    def check_time(self, claims, now):
        return None


class TakesTokensWithoutAnEnd(ByHand):
    def check_time(self, claims, now):
        if "exp" in claims and claims["exp"] <= now:
            raise TimeoutError("expired")


class ReturnsTheHeader(ByHand):
    def answer(self, header, claims):
        return header


class ReturnsTrue(ByHand):
    def answer(self, header, claims):
        return True


class ReturnsNothing(ByHand):
    def answer(self, header, claims):
        print(claims)


class AddsTheHeader(ByHand):
    def answer(self, header, claims):
        return claims | header


class EndsTheProgram(ByHand):
    def check_issuer(self, claims, issuer):
        if claims["iss"] != issuer:
            sys.exit("another issuer")


def returns_false_instead_of_raising(*arguments):
    try:
        return pyjwt_and_its_client(*arguments)
    except Exception:
        return False


def refuses_everything(*arguments):
    raise PermissionError("no")


def pyjwt_with_the_clock_of_the_computer(token, jwks_url, issuer, audience, now):
    key = jwk_client(jwks_url).get_signing_key_from_jwt(token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    return jwt.decode(token, key, algorithms=[key.algorithm_name], issuer=issuer, audience=audience, options={"require": ["exp"]})


def a_new_client_for_each_token(*arguments):
    jwk_client.cache_clear()
    return pyjwt_and_its_client(*arguments)


@functools.cache
def waiting_client(jwks_url):
    return jwt.PyJWKClient(jwks_url)


def pyjwt_that_waits_before_it_fetches_again(token, jwks_url, issuer, audience, now):
    key = waiting_client(jwks_url).get_signing_key_from_jwt(token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    own = {"verify_exp": False, "verify_iat": False, "require": ["exp"]}
    claims = jwt.decode(token, key, algorithms=[key.algorithm_name], issuer=issuer, audience=audience, options=own)
    assert now < claims["exp"]
    return claims


#: The scenario that fails first (0 to 6), the points that are left, what was seen.
WRONG = [
    (ChecksNoSignature(), 1, 4, "a token whose claims were changed after it was signed: your function returned its claims"),
    (
        TakesTheKeyThatTheTokenBrings(),
        1,
        7,
        "a token that brings the key it was signed with, as jwk in its header: your function returned its "
        "claims",
    ),
    (TakesAlgNone(), 2, 9, "a token without a signature, with alg none: your function returned its claims"),
    (TakesAlgNoneInAnotherSpelling(), 2, 9, "a token without a signature, with alg none: your function returned its claims"),
    (
        LetsTheTokenChooseTheAlgorithm(),
        2,
        9,
        "a token with alg HS256, whose secret is the server's public key: your function returned its claims",
    ),
    (
        TakesTheFirstKey(),
        0,
        9,
        "a good token, signed with RS256: your function raised ValueError: this key is for another algorithm "
        '(line N of check_signature: raise ValueError("this key is for another algorithm"))',
    ),
    (
        KnowsOneAlgorithm(),
        0,
        0,
        "a good token, signed with ES256: your function raised ValueError: expected RS256 (line N of "
        'check_signature: raise ValueError("expected RS256"))',
    ),
    (FetchesForEachToken(), 6, 9, "for 5 tokens of one key the JWK Set was fetched 5 times"),
    (
        NeverFetchesAgain(),
        5,
        9,
        "after the server changed its keys, a token with a kid that your function has not met: your function "
        'raised KeyError: \'<kid>\' (line N of key: return self.known[jwks_url][header["kid"]])',
    ),
    (KeepsWithdrawnKeys(), 5, 9, "a token of the key that the server has withdrawn: your function returned its claims"),
    (
        IgnoresTheIssuer(),
        3,
        8,
        "a token of another issuer, whose name begins like the right one: your function returned its claims",
    ),
    (
        LooksAtTheBeginningOfTheIssuer(),
        3,
        8,
        "a token of another issuer, whose name begins like the right one: your function returned its claims",
    ),
    (
        IgnoresTheAudience(),
        3,
        8,
        "a token for another API, whose aud begins like the right one: your function returned its claims",
    ),
    (
        ExpectsOneAudience(),
        0,
        9,
        "a good token whose aud is a list that names this API: your function raised ValueError: for another "
        'API (line N of check_audience: raise ValueError("for another API"))',
    ),
    (
        LooksForATextInTheAudience(),
        3,
        8,
        "a token for another API, whose aud begins like the right one: your function returned its claims",
    ),
    (
        IgnoresTheType(),
        3,
        8,
        "a JWT with typ JWT, made for another purpose with the same key: your function returned its claims",
    ),
    (
        TakesAnAbsentType(),
        3,
        8,
        "a JWT without typ, made for another purpose with the same key: your function returned its claims",
    ),
    (IgnoresTheTime(), 4, 9, "a token an hour after its exp: your function returned its claims"),
    (TakesTokensWithoutAnEnd(), 4, 9, "a token without exp: your function returned its claims"),
    (
        ReturnsTheHeader(),
        0,
        0,
        "a good token, signed with ES256: your function returned a dict that is not the claims of the token",
    ),
    (ReturnsTrue(), 0, 0, "a good token, signed with ES256: your function returned a bool"),
    (ReturnsNothing(), 0, 0, "a good token, signed with ES256: your function returned None"),
    (
        AddsTheHeader(),
        0,
        0,
        "a good token, signed with ES256: your function returned a dict that is not the claims of the token",
    ),
    (
        EndsTheProgram(),
        3,
        8,
        "a token of another issuer, whose name begins like the right one: your function raised SystemExit: "
        'another issuer (line N of check_issuer: sys.exit("another issuer"))',
    ),
    (
        returns_false_instead_of_raising,
        1,
        2,
        "a token whose claims were changed after it was signed: your function returned False",
    ),
    (
        refuses_everything,
        0,
        0,
        "a good token, signed with ES256: your function raised PermissionError: no (line N of "
        'refuses_everything: raise PermissionError("no"))',
    ),
    (
        pyjwt_with_the_clock_of_the_computer,
        4,
        9,
        "a token that is good at the time now: your function raised ImmatureSignatureError: The token is not "
        "yet valid (iat) (line N of pyjwt_with_the_clock_of_the_computer: return jwt.decode(token, key, "
        'algorithms=[key.algorithm_name], issuer=issuer, audience=audience, options={"require": ["exp"]}))',
    ),
    (a_new_client_for_each_token, 6, 9, "for 5 tokens of one key the JWK Set was fetched 5 times"),
    (
        pyjwt_that_waits_before_it_fetches_again,
        5,
        9,
        "after the server changed its keys, a token with a kid that your function has not met: your function "
        'raised PyJWKClientError: Unable to find a signing key that matches: "<kid>" (line N of '
        "pyjwt_that_waits_before_it_fetches_again: key = "
        "waiting_client(jwks_url).get_signing_key_from_jwt(token))",
    ),
]


@pytest.mark.parametrize(("verify", "fails_first", "points", "seen"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(verify, fails_first, points, seen, capsys):
    first, second = check("verify_a_jwt", verify), check("verify_a_jwt", verify)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    # What was printed and the traceback hold the token's own values, which are new each time.
    seen_in = [[each.unmet and each.unmet.seen for each in result.outcomes] for result in (first, second)]
    assert seen_in[0] == seen_in[1]
