"""Settings: one frozen value, passed by hand. The only module that reads the environment.

Sources, the later one wins: the defaults below, ``paperfolk.toml`` in the working directory, the
environment (``PAPERFOLK_*`` and variables that other programs share), keyword arguments.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from rag.types.errors import SettingsError

EXTRACTIVE = "extractive"
"""The model name of answers that no chat model worded."""
ENV_PREFIX = "PAPERFOLK_"
COMMON_VARIABLES = {
    "OPENAI_API_KEY": "openai_api_key",
    "OPENAI_BASE_URL": "openai_base_url",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otel_endpoint",
    "OTEL_EXPORTER_OTLP_HEADERS": "otel_headers",
}
"""Variables shared with other programs. LangChain itself reads those of LangSmith."""
SMALL_BILLIONS = 4.0
_SIZE = re.compile(r"(?<![a-z0-9.])(?:\d+x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")
_SMALL_NAMES = re.compile(r"smollm|tinyllama")
PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parent
"""The folder of the packages: the checkout, or where the wheel was installed."""


def _find_bundled(name: str) -> Path:
    """A folder that comes with the program: in the wheel below `rag`, in a checkout beside it."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else ROOT / name


class Settings(BaseModel):
    """All settings with their defaults. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="folder of the library, its indexes and models")
    library: SecretStr | None = Field(
        None,
        description="address of a PostgreSQL database (extra `postgresql`); not set: SQLite in the data folder",
    )
    seeds: Path = Field(
        _find_bundled("seeds"), description="documents read by `ingest` without a path"
    )
    read_timeout_s: float = Field(
        10.0,
        gt=0,
        description="processor time for reading a document of up to 1 MB, and for each MB of a larger one",
    )
    read_memory_mb: int = Field(
        2048, ge=256, description="memory that reading one document may take (Linux)"
    )
    prompts: Path = Field(_find_bundled("prompts"), description="folder of the prompt files")
    embedder: str = Field(
        "minilm",
        description="`minilm` (embedded, int8), `minilm-fp32`, `openai:<model>` (any compatible server), `hf:<model>` (extra `hf`)",
    )
    model_path: Path | None = Field(
        None,
        description="folder with model.safetensors and tokenizer.json; default: found or fetched",
    )
    reranker: Literal["none", "mpnet"] = Field(
        "none",
        description="`mpnet` orders the first ten papers of a question anew by a larger model (`paperfolk models fetch --reranker`)",
    )
    reranker_path: Path | None = Field(
        None, description="folder with its model.safetensors and tokenizer.json; default: fetched"
    )
    chroma: str = Field(
        "",
        description="`host:port` or `https://` address of a Chroma server; empty: embedded in the data folder",
    )
    chroma_token: SecretStr | None = Field(
        None, description="sent to it as `Authorization: Bearer` and `X-Chroma-Token`"
    )
    chroma_tenant: str = Field("default_tenant", description="whose databases are used there")
    chroma_database: str = Field("default_database", description="where the collections are kept")
    chroma_timeout_s: float = Field(
        20.0, gt=0, description="waited for the Chroma server to connect, and for each answer"
    )
    chat_model: str = Field(
        "", description="chat model's name; with a key or base URL and no name: `gpt-4o-mini`"
    )
    chat_models: tuple[str, ...] = Field(
        (), description="further models to choose from in the browser chat, separated by commas"
    )
    small_model: bool | None = Field(
        None,
        description="short prompts and few demands for a chat model; not set: by the size in its name (below 4b)",
    )
    mode: Literal["auto", "extractive", "generative"] = Field(
        "auto", description="`auto` is generative when a key or a base URL is set"
    )
    openai_api_key: SecretStr | None = Field(None, description="key for chat and embeddings")
    openai_base_url: str | None = Field(None, description="any server speaking the OpenAI protocol")
    timeout_s: float = Field(
        60.0, gt=0, description="waited for a model server to say something, or something more"
    )
    reply_timeout_s: float = Field(
        300.0, gt=0, description="for one whole reply of a model server, further tries included"
    )
    retries: int = Field(2, ge=0, le=10, description="further tries at a model server")
    thread_budget_tokens: int | None = Field(
        None, gt=0, description="tokens that one conversation may use; then answers are quoted"
    )
    thread_budget_usd: float | None = Field(
        None, gt=0, description="the same in US dollars, where prices are known"
    )
    price_input_usd: float | None = Field(
        None, ge=0, description="of a million input tokens; goes before the table of prices"
    )
    price_output_usd: float | None = Field(
        None, ge=0, description="of a million output tokens; goes before the table of prices"
    )
    cache: bool = Field(
        True, description="keep replies of a chat model in the data folder and use them again"
    )
    evidence_tokens: int = Field(
        2150, ge=200, description="budget of passages shown to a chat model"
    )
    thread_tokens: int = Field(
        1500, ge=100, description="budget of earlier turns shown to a chat model"
    )
    unsupported: Literal["mark", "remove"] = Field(
        "mark",
        description="a chat model's sentence that its papers do not say: marked `(unverified)`, or left out",
    )
    otel_endpoint: str | None = Field(
        None, description="base URL of a collector that takes spans (OTLP over HTTP)"
    )
    otel_headers: SecretStr | None = Field(None, description="sent to it: `name=value,name=value`")
    verify: bool = Field(
        True,
        description="have a chat model's whole answer checked against its passages by a second call",
    )
    judge_model: str = Field(
        "", description="chat model that does it, at the same server; empty: the one that answers"
    )
    plan: bool = Field(
        True,
        description="let a chat model plan up to six look-ups for a question that needs several",
    )
    plan_tokens: int = Field(
        8000, ge=500, description="tokens that the planning of one question may take"
    )
    threads: int = Field(0, ge=0, description="cores for the embedded model; 0: all")
    host: str = Field("127.0.0.1", description="address of the browser chat")
    port: int = Field(8501, ge=0, le=65535, description="port of the browser chat")
    api_host: str = Field("127.0.0.1", description="address of `paperfolk serve`")
    api_port: int = Field(8502, ge=0, le=65535, description="port of `paperfolk serve`")
    api_tokens: tuple[SecretStr, ...] = Field(
        (),
        description="whoever sends one of these may use `paperfolk serve`; none: this machine alone, without",
    )
    accounts: tuple[SecretStr, ...] = Field(
        (), description="who may sign in to the browser chat; lines made by `paperfolk account`"
    )
    members: tuple[str, ...] = Field(
        (), description="addresses or `@domains` that a provider's sign-in admits; none: all"
    )
    at_once: int = Field(8, ge=1, description="questions answered at one time; more wait in line")
    unprotected: bool = Field(
        False, description="let everyone who reaches `host` use the browser chat"
    )
    allowed_hosts: tuple[str, ...] = Field(
        (), description="further names that the browser chat answers to, such as a reverse proxy's"
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="addresses or networks whose `X-Forwarded-For` is believed; none: nobody's"
    )

    @property
    def library_url(self) -> str:
        """Address of the database that holds the library; empty: a file in the data folder."""
        return self.library.get_secret_value() if self.library else ""

    @property
    def generative(self) -> bool:
        """Whether a chat model words the answers."""
        if self.mode == "auto":
            return self.openai_api_key is not None or self.openai_base_url is not None
        return self.mode == "generative"

    @property
    def chat_model_name(self) -> str:
        return self.chat_model or "gpt-4o-mini"

    @property
    def has_small_model(self) -> bool:
        """Whether the chat model is too small for long prompts: ``qwen3:1.7b``, ``smollm2-135m``."""
        if self.small_model is not None:
            return self.small_model
        name = self.chat_model_name.lower()
        billions = [
            float(size) / (1000 if unit == "m" else 1) for size, unit in _SIZE.findall(name)
        ]
        return max(billions) < SMALL_BILLIONS if billions else _SMALL_NAMES.search(name) is not None

    @field_validator("openai_base_url", "otel_endpoint")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        """With a host, and with a port that there can be; a password in it is not told."""
        if value is not None:
            advice = "it must be an address such as http://127.0.0.1:8080/v1"
            try:
                parts = urlsplit(value)
                port = parts.port
            except ValueError:
                raise ValueError(advice) from None
            if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
                raise ValueError(advice)
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name or set(name) & set("/:@*, "):
                raise ValueError(f"{name!r} must be a name alone, such as chat.example.org")
        return tuple(name.lower().rstrip(".") for name in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(
                    f"{network!r} must be an address or a network such as 10.0.0.0/24"
                ) from None
        return value

    @field_validator(
        "chat_models",
        "api_tokens",
        "accounts",
        "members",
        "allowed_hosts",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _split_list(cls, value: object) -> object:
        """Several in one text, as the environment has them."""
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @property
    def offered(self) -> tuple[str, ...]:
        """What a conversation can be answered by, the default first: chat models, `extractive`."""
        served = self.generative or self.openai_api_key is not None or self.openai_base_url
        models = (self.chat_model_name, *self.chat_models) if served else ()
        order = (*models, EXTRACTIVE) if self.generative else (EXTRACTIVE, *models)
        return tuple(dict.fromkeys(order))

    def copy_with_model(self, name: str) -> Settings:
        """These settings with another of what is `offered`; as they are for any other name."""
        if name not in self.offered:
            return self
        if name == EXTRACTIVE:
            return self.model_copy(update={"mode": "extractive"})
        return self.model_copy(update={"mode": "generative", "chat_model": name})


def load(
    environ: Mapping[str, str] | None = None, *, file: Path | None = None, **overrides: Any
) -> Settings:
    """Settings from file, environment and arguments; see `load_with_origins`."""
    return load_with_origins(environ, file=file, **overrides)[0]


def load_with_origins(
    environ: Mapping[str, str] | None = None, *, file: Path | None = None, **overrides: Any
) -> tuple[Settings, dict[str, str]]:
    """Settings, and for each field where its value came from.

    Args:
        environ: Default: the process's environment.
        file: Default: ``paperfolk.toml`` in the working directory, if it is there.
        overrides: Field values that win over everything; None means not given.

    Raises:
        SettingsError: An unknown key or a value that does not fit; the message names its origin.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")

    def put(key: str, value: Any, origin: str) -> None:
        if key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise SettingsError(f"unknown setting {key!r} in {origin}; known settings: {known}")
        values[key], origins[key] = value, origin

    path = Path("paperfolk.toml") if file is None else file
    if path.is_file():
        for key, value in _read_toml(path).items():
            put(key, value, str(path))
    elif file is not None:
        raise SettingsError(f"settings file {str(file)!r} does not exist")
    for variable, value in environ.items():
        if variable.startswith(ENV_PREFIX) and value:
            put(variable.removeprefix(ENV_PREFIX).lower(), value, variable)
        elif variable in COMMON_VARIABLES and value:
            put(COMMON_VARIABLES[variable], value, variable)
    for key, value in overrides.items():
        if value is not None:
            put(key, value, "argument")
    try:
        return Settings(**values), origins
    except ValidationError as exc:
        first = exc.errors()[0]
        key = str(first["loc"][0])
        raise SettingsError(
            f"setting {key!r} from {origins.get(key, 'argument')} does not fit: "
            + first["msg"].removeprefix("Value error, ")
        ) from exc


def keep_in_file(values: Mapping[str, str | None], file: Path = Path("paperfolk.toml")) -> None:
    """Put values into the settings file, in place of those there; None leaves what is there as it is.

    The file may hold a key, so only its owner can read it from then on.

    Raises:
        SettingsError: It cannot be read or written.
    """
    changes = {key: value for key, value in values.items() if value is not None}
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        rest = [line for line in lines if line.partition("=")[0].strip() not in changes]
        added = [f"{key} = {json.dumps(value)}" for key, value in changes.items()]
        text = "\n".join([*added, *rest]) + "\n"
        tomllib.loads(text)
        new = file.with_name(f"{file.name}.new")
        with open(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(text)
        new.replace(file)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"the settings file {str(file)!r} cannot be changed: {exc}") from exc


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(f"settings file {str(path)!r} is not valid TOML: {exc}") from exc
