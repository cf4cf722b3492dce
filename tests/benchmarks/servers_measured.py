"""The servers that the benchmarks measure: `python servers_measured.py NAME` prints the port and serves.

`kit` is the kit's, `tokens` the same with 100,000 live tokens, `clients` with 10,000 more clients; `resting` and `spinning`
are the kit's in a thread of a process whose main thread sleeps or computes, as a kernel's does while a cell runs.
`bare` and `authlib` are what it is compared with.
"""

import logging
import sys
import time

TOKENS, CLIENTS = 100_000, 10_000


def serve_kit(tokens: int = 0, clients: int = 0) -> None:
    from mock_server.web.messages import Request
    from mock_server.shells.server import prepare

    server = prepare(0, seed=None)
    headers = (("host", "127.0.0.1"), ("content-type", "application/x-www-form-urlencoded"))
    body = b"grant_type=client_credentials&client_id=myapp123&client_secret=secret456"
    for _ in range(tokens):
        assert server._application.handle(Request("POST", "/token", headers, body), server.clock.now()).status == 200
    for number in range(clients):
        server.clients.register(f"client-{number}", f"secret-{number}")
    print(server.port, flush=True)
    server.serve()


def serve_beside_a_cell(spins: bool) -> None:
    from mock_server.shells.server import prepare

    server = prepare(0, seed=None)
    server.start()
    print(server.port, flush=True)
    count = 0
    while spins:
        count += 1
    time.sleep(600)


def serve_bare() -> None:
    import socket

    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from mock_server.shells.listening import listen

    class WithoutDelay(HttpToolsProtocol):
        def connection_made(self, transport) -> None:
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().connection_made(transport)

    # As long as the answer to a token request.
    body = b" " * 140
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), (b"content-length", b"140")]

    async def answer(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    settings = {"loop": "asyncio", "ws": "none", "lifespan": "off", "log_config": None, "access_log": False, "proxy_headers": False}
    config = uvicorn.Config(answer, http=WithoutDelay, interface="asgi3", log_level="critical", **settings)
    listener = listen("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def serve_authlib() -> None:
    import waitress.server
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import ClientMixin, grants
    from flask import Flask

    class Registered(ClientMixin):
        def get_client_id(self):
            return "myapp123"

        def get_default_redirect_uri(self):
            return ""

        def get_allowed_scope(self, scope):
            return scope or ""

        def check_client_secret(self, client_secret):
            return client_secret == "secret456"

        def check_endpoint_auth_method(self, method, endpoint):
            return True

        def check_grant_type(self, grant_type):
            return grant_type == "client_credentials"

    class Grant(grants.ClientCredentialsGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

    tokens = {}
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # It says how deep its queue is.
    app = Flask("peer")
    server = AuthorizationServer(
        app,
        query_client=lambda client_id: Registered() if client_id == "myapp123" else None,
        save_token=lambda token, request: tokens.update({token["access_token"]: token}),
    )
    server.register_grant(Grant)
    app.post("/token")(server.create_token_response)
    # Its own default of four threads is faster here than one.
    served = waitress.server.create_server(app, host="127.0.0.1", port=0, connection_limit=200)
    print(served.effective_port, flush=True)
    served.run()


SERVERS = {
    "kit": serve_kit,
    "tokens": lambda: serve_kit(tokens=TOKENS),
    "clients": lambda: serve_kit(clients=CLIENTS),
    "resting": lambda: serve_beside_a_cell(spins=False),
    "spinning": lambda: serve_beside_a_cell(spins=True),
    "bare": serve_bare,
    "authlib": serve_authlib,
}


if __name__ == "__main__":
    SERVERS[sys.argv[1]]()
