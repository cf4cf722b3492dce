"""Patients that do not know how long a token lives. Each token of these scenarios lives 3600 seconds."""

import json

from exercises.clinic.patient import Patient
from exercises.scenario import Stage


def an_expired_token_is_replaced(stage: Stage) -> None:
    patient = Patient(
        stage,
        "for_ever",
        why="expires_in says how many seconds the token lives (RFC 6749 §5.1); a cache that ignores it hands out an expired "
        "token for ever (spring-projects/spring-security#6913).",
        hint="Which two numbers tell whether the token that you kept is still alive at `now`?",
    )
    token = patient.made_for(stage.new_client())
    patient.must_get_a_token(stage.call_on(token, 1000), "at the first call")
    call = stage.call_on(token, 2800)
    patient.must_have_asked(1, call, "half a life later")
    patient.must_get_a_token(call, "half a life later")
    call = stage.call_on(token, 4700)
    patient.must_have_asked(2, call, "100 seconds after the token expired")
    patient.must_get_a_token(call, "100 seconds after the token expired")


def the_expiry_survives_a_reload(stage: Stage) -> None:
    patient = Patient(
        stage,
        "reloaded",
        why="expires_in counts from the answer (RFC 6749 §5.1), not from the moment when a program starts again and reads "
        "what it kept (PrefectHQ/fastmcp#4583).",
        hint="Which time could you write down when the token arrives, so that it still holds after a restart?",
    )
    client = stage.new_client()
    kept = None
    starts = ((1000, 1, "at the first start"), (3000, 1, "at a restart in time"), (4700, 2, "at a restart too late"))
    for now, times, when in starts:
        call = patient.call(kept, now, patient.token_url, client.id, client.secret)
        patient.must_have_asked(times, call, when)
        patient.must(
            isinstance(call.returned, dict) and call.returned.get("access_token") == patient.newest_token(),
            seen=f"{when}, {call.story}",
            expected="a dict with the newest access_token and whatever else you keep",
        )
        # What is written to the disk and read again is JSON.
        kept = json.loads(json.dumps(call.returned))


def a_token_is_renewed_in_time(stage: Stage) -> None:
    patient = Patient(
        stage,
        "last_second",
        why="A token that is handed out in its last second expires on the way to the API (wso2/api-manager#773).",
        hint="How long does your caller need until the API has read the token?",
    )
    token = patient.made_for(stage.new_client())
    patient.must_get_a_token(stage.call_on(token, 1000), "at the first call")
    call = stage.call_on(token, 2800)
    patient.must_have_asked(1, call, "half a life later")
    patient.must_get_a_token(call, "half a life later")
    call = stage.call_on(token, 4599)
    patient.must_have_asked(2, call, "one second before the token expires")
    patient.must_get_a_token(call, "one second before the token expires")


def an_odd_expires_in_is_survived(stage: Stage) -> None:
    patient = Patient(
        stage,
        "text_or_nothing",
        why="expires_in is a number and may be missing (RFC 6749 §5.1); some servers send it as text "
        "(umbraco/Umbraco.AuthorizedServices#42).",
        hint="What does your arithmetic do with '3600', and which life do you suppose where the server names none?",
    )
    token = patient.made_for(stage.new_client())
    stage.server.fail_next("expires_in_text")
    patient.must_get_a_token(stage.call_on(token, 1000), 'where expires_in is "3600"')
    call = stage.call_on(token, 2800)
    patient.must_have_asked(1, call, 'half a life later, where expires_in was "3600"')
    patient.must_get_a_token(call, 'half a life later, where expires_in was "3600"')
    call = stage.call_on(token, 4700)
    patient.must_have_asked(2, call, 'after the end of a life of "3600"')
    patient.must_get_a_token(call, 'after the end of a life of "3600"')
    token = patient.made_for(stage.new_client())
    stage.server.fail_next("expires_in_missing")
    patient.must_get_a_token(stage.call_on(token, 1000), "where expires_in is missing")
    call = stage.call_on(token, 1000 + 86_400)
    patient.must_have_asked(4, call, "a day later, where expires_in was missing")
    patient.must_get_a_token(call, "a day later, where expires_in was missing")
