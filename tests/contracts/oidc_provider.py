"""An OpenID Connect provider on loopback that signs in one person without asking; for tests."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "paperfolk-test"


class OidcProvider:
    """Serves while it is entered; ``email`` is who signs in next, ``claims`` what else is said of them."""

    def __init__(self, email: str) -> None:
        self.email = email
        self.claims: dict[str, Any] = {"email_verified": True}
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
        self.nonces: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> OidcProvider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def secrets(self) -> str:
        """The section of ``secrets.toml`` that names this provider."""
        return (
            "[auth]\n"
            'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            f'cookie_secret = "{"c" * 40}"\n'
            f'client_id = "{CLIENT}"\n'
            f'client_secret = "{"s" * 40}"\n'
            f'server_metadata_url = "{self.url}/.well-known/openid-configuration"\n'
        )

    def token(self, code: str) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": self.email, "email": self.email,
            **self.claims, "name": self.email.split("@")[0], "iat": now,
            "exp": now + 600, "nonce": self.nonces[code],
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": signed}

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
                    code = f"code{len(provider.nonces)}"
                    provider.nonces[code] = asked["nonce"]
                    told = urlencode({"code": code, "state": asked["state"]})
                    self.send_response(302)
                    self.send_header("location", f"{asked['redirect_uri']}?{told}")
                    self.end_headers()
                elif parts.path == "/keys":
                    self._json({"keys": [provider.key.as_dict(private=False)]})
                else:
                    self._json(provider.metadata())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self._json(provider.token(parse_qs(body)["code"][0]))

            def _json(self, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        return Handler
