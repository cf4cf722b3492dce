"""A page for a person's browser: one HTML document that loads nothing, under a policy that forbids everything else."""

import base64
import hashlib
import html
from collections.abc import Callable

from mock_server.web.messages import Headers, Response


def html_page(title: str, body: str, *, styles: tuple[str, ...] = (), script: str = "", status: int = 200) -> Response:
    """The document. `body` is HTML, its texts escaped; the inline `styles` and `script` are all that may run.

    Links in it are relative, so that the page works behind a proxy that serves it under a prefix.
    """
    sheets = (_STYLE, *styles)
    head = "".join(f"<style>{sheet}</style>" for sheet in sheets)
    end = f"<script>{script}</script>" if script else ""
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        # Without this, browsers ask for /favicon.ico, and the record shows it.
        f'<link rel="icon" href="data:,"><title>{html.escape(title)}</title>{head}</head><body><main>{body}</main>{end}</body></html>'
    )
    policy = (
        f"default-src 'none'; style-src {_hashes(sheets)}; script-src {_hashes((script,)) if script else _NONE}; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    headers = (("content-type", "text/html; charset=utf-8"), ("content-security-policy", policy), *GUARDS)
    return Response(status, headers, document.encode("utf-8"))


#: Of everything that a browser shows: nothing is kept, guessed or told to other sites.
GUARDS: Headers = (
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
)


def bullets(texts: tuple[str, ...], show: Callable[[str], str] = html.escape) -> str:
    return f"<ul>{''.join(f'<li>{show(text)}</li>' for text in texts)}</ul>"



def _hashes(sources: tuple[str, ...]) -> str:
    # Content Security Policy Level 3 §2.3.1: hash-source, of the text between the tags.
    digests = (hashlib.sha256(source.encode("utf-8")).digest() for source in sources)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)


_NONE = "'none'"

_STYLE = """
:root { color-scheme: light dark; --line: #c9ced6; --quiet: #5b6472; --panel: #f4f6f8; --accent: #1667c0; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; background: #fff; color: #1c2129; }
main { max-width: 64rem; margin: 0 auto; padding: 1.6rem 1.2rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.4rem; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 0.3rem; }
ul { margin: 0.3rem 0; padding-left: 1.3rem; }
li { margin: 0.25rem 0; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.875rem; }
h1 code { font-size: inherit; }
pre.example { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: 0.9rem; }
.lead { font-size: 1.1rem; margin: 0.2rem 0 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a424e; --quiet: #a4adba; --panel: #1c222b; --accent: #7db8ff; }
  body { background: #13171d; color: #e4e8ee; }
}
"""
