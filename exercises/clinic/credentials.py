"""Patients that the server does not recognise: what Basic makes of an id and a secret."""

from exercises.clinic.patient import Patient
from exercises.scenario import Credentials, Stage


def a_secret_with_plus_and_percent(stage: Stage) -> None:
    patient = Patient(
        stage,
        "raw_basic",
        why="Id and secret are form-encoded before Basic joins them (RFC 6749 §2.3.1); the server decodes them, and a raw + "
        "becomes a space (requests/requests-oauthlib#568, jumbojett/OpenID-Connect-PHP#230).",
        hint="What does form-decoding make of a + and of %41, and what must you send so that they come out as they were?",
    )
    for secret in ("k7+x", "k7%41x"):
        client = stage.new_client(secret=secret)
        call = patient.call(patient.token_url, client.id, client.secret)
        patient.must_get_a_token(call, f"for a secret with {'+' if '+' in secret else '%'} in it")


def a_client_id_with_a_colon(stage: Stage) -> None:
    patient = Patient(
        stage,
        "colon_in_id",
        why="Basic splits at the first colon, so a colon in the id must be encoded (RFC 7617 §2, RFC 6749 §2.3.1, "
        "authlib/authlib#595).",
        hint="Where does the server split name:colon:secret, and which client does it look for then?",
    )
    plain = stage.new_client()
    with_colon = Credentials(f"{plain.id}:eu", plain.secret)
    stage.server.clients.register(with_colon.id, with_colon.secret)
    call = patient.call(patient.token_url, with_colon.id, with_colon.secret)
    patient.must_get_a_token(call, "for a client id with a colon in it")


def a_server_that_reads_basic_either_way(stage: Stage) -> None:
    patient = Patient(
        stage,
        "either_reading",
        why="Some servers decode what stands in Basic and some do not, and both refuse valid headers of the other kind "
        "(authelia/authelia#5632, panva/oauth4webapi#199). A form body has one reading only (RFC 6749 appendix B).",
        hint="Where else than in the Authorization header may the id and the secret stand?",
    )
    client = stage.new_client(secret="k7%2Fx+9")
    call = patient.call(patient.token_url, client.id, client.secret)
    patient.must_get_a_token(call, "at a server that decodes what stands in Basic")
    request = patient.token_requests()[-1].request
    patient.must(
        request.header("authorization") is None,
        seen="the secret stands encoded in Basic, and a server that does not decode reads another secret",
        expected="the id and the secret where every server reads them alike",
    )
