"""The clinic: `patient(name, *arguments)` calls the client of that name, which the learner has mended."""

from exercises.clinic import calls, credentials, lifetimes
from exercises.scenario import Exercise, Scenario

EXERCISE = Exercise(
    id="clinic",
    title="The clinic",
    function="patient",
    objective="Mend twelve broken clients; patient(name, *arguments) calls the client of that name.",
    hints=(
        "Mend one patient at a time, in the order of the notebook. Its exchange shows what the server saw.",
        "Most patients need one line. Ask which value the line uses, and which value it would have to use.",
        "Credentials: quote_plus both parts of Basic, or use the body. Caches: keep the time of expiry, key by all arguments, "
        "renew a minute early. Refusals: after a 401 keep a new token and repeat once; a 403 stays a 403.",
    ),
    scenarios=(
        Scenario("raw_basic: a secret with + or % arrives whole", 2, credentials.a_secret_with_plus_and_percent),
        Scenario("colon_in_id: a client id with a colon arrives whole", 2, credentials.a_client_id_with_a_colon),
        Scenario("either_reading: every server reads the same secret", 2, credentials.a_server_that_reads_basic_either_way),
        Scenario("for_ever: an expired token is replaced", 2, lifetimes.an_expired_token_is_replaced),
        Scenario("reloaded: the expiry survives a reload", 2, lifetimes.the_expiry_survives_a_reload),
        Scenario("last_second: a token is renewed before its last second", 2, lifetimes.a_token_is_renewed_in_time),
        Scenario("text_or_nothing: an odd expires_in is survived", 2, lifetimes.an_odd_expires_in_is_survived),
        Scenario("one_for_all: each client and scope has its own token", 2, calls.each_client_and_scope_has_its_own_token),
        Scenario("still_kept: a refused token leaves the cache", 2, calls.a_refused_token_leaves_the_cache),
        Scenario("long_job: a long job outlives its first token", 2, calls.a_long_job_outlives_its_first_token),
        Scenario("every_call: one token serves many calls", 2, calls.one_token_serves_many_calls),
        Scenario("any_refusal: a 403 is no 401", 2, calls.a_403_is_no_401),
    ),
)
