"""Patients that use a good token badly: the wrong token, for too long, or too many of them."""

from exercises.clinic.patient import Patient
from exercises.scenario import Stage


def each_client_and_scope_has_its_own_token(stage: Stage) -> None:
    patient = Patient(
        stage,
        "one_for_all",
        why="A token stands for one client and one scope (RFC 6749 §1.4); a cache that is keyed by the server alone hands "
        "rotated or re-scoped credentials the old token (BerriAI/litellm#32259).",
        hint="Which arguments of your function change what the server would answer? Are they all part of the key?",
    )
    token = patient.made()
    one, other = stage.new_client(), stage.new_client()
    read = (patient.token_url, one.id, one.secret, "readings:read")
    write = (patient.token_url, one.id, one.secret, "readings:write")
    others = (patient.token_url, other.id, other.secret, "readings:read")
    patient.must_get_a_token(stage.call_on(token, *read), "at the first call")
    for times, arguments, when in ((2, write, "for another scope"), (3, others, "for another client")):
        call = stage.call_on(token, *arguments)
        patient.must_have_asked(times, call, when)
        patient.must_get_a_token(call, when)
    call = stage.call_on(token, *read)
    patient.must_have_asked(3, call, "for a client and scope that were asked for before")
    rotated = f"{one.secret}-rotated"
    stage.server.clients.rotate_secret(one.id, rotated)
    call = stage.call_on(token, patient.token_url, one.id, rotated, "readings:read")
    patient.must_have_asked(4, call, "for a rotated secret")
    patient.must_get_a_token(call, "for a rotated secret")


def a_refused_token_leaves_the_cache(stage: Stage) -> None:
    patient = Patient(
        stage,
        "still_kept",
        why="A token may be revoked before its time, and the API says so with 401 (RFC 6750 §3.1); a cache that keeps it "
        "fails at every later call (BerriAI/litellm#32259).",
        hint="After the 401 you have a new token. Which one does the next call find?",
    )
    stage.server.fail_next("early_revocation")
    read = patient.made_to_read_for(stage.new_client())
    patient.must_have_read(stage.call_on(read), "where the first token was revoked early")
    call = stage.call_on(read)
    patient.must_have_read(call, "at the next call")
    refused = patient.api_statuses().count(401)
    patient.must(
        refused == 1,
        seen=f"the API refused the revoked token {refused} times",
        expected="one refusal, and never that token again",
    )
    patient.must_have_asked(2, call, "at the next call")


def a_long_job_outlives_its_first_token(stage: Stage) -> None:
    patient = Patient(
        stage,
        "long_job",
        why="A job may run longer than its first token lives; then the API answers 401 invalid_token, and the client may ask for "
        "another token and repeat the request (RFC 6750 §3.1, Open-EO/openeo-python-client#436).",
        hint="Where is the token decided on: once when the job starts, or at each request?",
    )
    read = patient.made_to_read_for(stage.new_client())
    for when in ("at the start of the job", "a moment later"):
        call = stage.call_on(read)
        patient.must_have_read(call, when)
        patient.must_have_asked(1, call, when)
    stage.server.clock.advance(3700)
    call = stage.call_on(read)
    patient.must_have_read(call, "after the first token expired")
    patient.must_have_asked(2, call, "after the first token expired")


def one_token_serves_many_calls(stage: Stage) -> None:
    patient = Patient(
        stage,
        "every_call",
        why="A token lives for expires_in seconds (RFC 6749 §5.1), so one serves many calls; each needless request costs time "
        "and counts against the limits of the authorization server.",
        hint="Which line must run once, and which at every call?",
    )
    read = patient.made_to_read_for(stage.new_client())
    for when in ("at the first call", "at the second call", "at the third call"):
        call = stage.call_on(read)
        patient.must_have_read(call, when)
        patient.must_have_asked(1, call, when)
    count = len(patient.api_statuses())
    patient.must(count == 3, seen=f"{count} requests reached the API in three calls", expected="one for each call")


def a_403_is_no_401(stage: Stage) -> None:
    patient = Patient(
        stage,
        "any_refusal",
        why="401 invalid_token says that the token is no good: ask for another. 403 insufficient_scope says that the client may "
        "not do this; another token of the same scope is refused again (RFC 6750 §3.1).",
        hint="Which of the two statuses can a new token change?",
    )
    read = patient.made_to_read_for(stage.new_client(scopes=("readings:write",)))
    call = stage.call_on(read)
    patient.must_have_asked(1, call, "where the API answers 403")
    statuses = patient.api_statuses()
    patient.must(
        statuses == [403] and call.raised is None and call.returned == 403,
        seen=f"the API answered {', '.join(map(str, statuses)) or 'nothing'}, and {call.story}",
        expected="one request to the API, and its status 403 as the return value",
    )
    stage.server.fail_next("early_revocation")
    read = patient.made_to_read_for(stage.new_client())
    patient.must_have_read(stage.call_on(read), "where the API answers 401")
