"""Settings: read once, from the environment and ``hybridrank.toml``; nothing else reads the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class Settings(BaseSettings):
    """Every setting of hybridrank. Environment names are in upper case; the prefix is ``HYBRIDRANK_``.

    The engine's address alone is ``OPENSEARCH_URL`` (with its user, password and CA beside it), because that
    is what people already have.
    """

    model_config = SettingsConfigDict(
        env_prefix="HYBRIDRANK_",
        toml_file="hybridrank.toml",
        extra="forbid",
        populate_by_name=True,
        frozen=True,
    )

    opensearch_url: str | None = Field(None, validation_alias="OPENSEARCH_URL")
    """``None``: the home's own local cluster while it runs, else port 9200 of this machine."""
    opensearch_user: str | None = Field(None, validation_alias="OPENSEARCH_USER")
    opensearch_password: SecretStr | None = Field(None, validation_alias="OPENSEARCH_PASSWORD")
    opensearch_ca: Path | None = Field(None, validation_alias="OPENSEARCH_CA")
    opensearch_timeout_s: float = Field(10.0, gt=0)

    home: Path = Field(default_factory=lambda: Path.home() / ".hybridrank")
    java_home: Path | None = Field(None, validation_alias="JAVA_HOME")
    """A Java to prefer for the local OpenSearch."""
    index: str = "products"

    text_encoder: str = "all-MiniLM-L6-v2"
    image_encoder: str = "light"
    """``light``, ``clip:NAME``, a model's folder, or ``none``."""
    picture_hosts: tuple[str, ...] = ()
    """Hosts from which ``hybridrank index`` fetches pictures by URL; ``*.example.com`` is every name below it."""
    model: str | None = None
    """A model folder; ``None`` is the one that ships with hybridrank."""

    signal_weights: Path | None = None
    """What the shop adds to each signal by hand; ``None`` is ``signal-weights.json`` in ``home``."""
    sequence_models: Path | None = None
    """Where ``train sequence`` leaves a folder for each catalogue; ``None`` is ``sequence`` in ``home``."""
    blends: Path | None = None
    """Where ``train blend`` leaves a file for each catalogue; ``None`` is ``blend`` in ``home``."""

    threads: int = Field(2, ge=1, le=256)
    """Threads of one model run."""
    candidates_per_signal: int = Field(80, ge=1, le=1000)
    rerank_depth: int | None = Field(None, ge=1, le=1000)
    """How many of a window's best are read; ``None``: as many as the model says pay, 10 of the shipped one."""
    rerank_budget_ms: float = Field(1000.0, gt=0)
    """Of a search; past it what has been read counts, and the rest stands by its signals."""
    rerank_request_budget_ms: float = Field(30_000.0, gt=0)
    """Of ``/v1/rerank``, which reads every document that it is sent."""
    query_vectors: int = Field(10_000, ge=0)
    """How many query vectors a worker remembers."""
    reading_memory_mb: int = Field(48, ge=0, le=65_536)
    """How much of what was read of products, or of products with queries, a worker remembers; 0 none."""
    item_vectors: int = Field(20_000, ge=0)
    """How many products' text vectors a worker remembers."""
    product_memory_mb: int = Field(64, ge=0, le=65_536)
    """How much of the content of found products a worker remembers; 0 none."""

    behaviour_half_life_days: float = Field(30.0, ge=7.0, le=3650.0)
    """After how many days an event counts half. Another value counts anew, from ``ubi_events``."""
    behaviour_epoch: int = Field(1, ge=1)
    """Raise it to count all behaviour anew."""
    behaviour_budget_ms: float = Field(250.0, gt=0)
    """For each request that reads behaviour or merchandising in a search; past it the answer does without."""
    examination_eta: float = Field(0.8, ge=0.0, le=3.0)
    """Rank r of a list is looked at with probability r^-eta; ``hybridrank events --estimate-positions`` measures it."""
    reconcile_s: float = Field(5.0, ge=0.0)
    """How often a worker looks for events that are not counted yet; 0 never."""

    streams: int = Field(8, ge=0, le=1000)
    """Streams of recommendations that a worker keeps open at once; each has a thread beside those of requests."""
    suggest_min_people: int = Field(5, ge=2, le=1000)
    """How many different people must have typed a query before it is suggested to others."""
    suggest_epsilon: float = Field(0.0, ge=0.0, le=20.0)
    """Which queries become suggestions is chosen once a day with differential privacy that spends this on a day's
    people; 0: the number of people decides, at once. Needs the ``private-suggestions`` extra."""
    suggest_delta: float = Field(1e-6, gt=0.0, lt=1e-3)
    """The delta of that choice."""
    suggest_queries_of_a_person: int = Field(3, ge=1, le=100)
    """How many of a person's queries of a day count in it."""
    suggest_refresh_s: float = Field(2.0, ge=0.0, le=5.0)
    """How often a worker counts what was typed and reads which suggestions changed; 0 never."""

    keys_file: Path | None = None
    """Digests of the shop's keys; ``None`` is ``keys.json`` in ``home``. ``hybridrank keys new`` makes it."""

    keystore: SecretStr | None = None
    """Address of a store of people's keys in PostgreSQL, for several machines; ``None``: SQLite in ``home``."""
    keystore_file: Path | None = None
    """A file that holds that address, so that its password stands in no environment."""
    master_keys: SecretStr | None = None
    """Master keys that wrap people's keys: ``{"keys": {"1": BASE64 of 32 bytes, ...}}``; ``None``: from a file."""
    master_keys_file: Path | None = None
    """``None`` is ``secrets/master-keys.json`` in ``home``, made at the first use."""
    kms_wrap: str | None = None
    """Program and arguments that wrap a master key, from standard input to standard output."""
    kms_unwrap: str | None = None
    """Program and arguments that open what ``kms_wrap`` gave; with it the master keys lie wrapped."""

    backup_days: int = Field(30, ge=1, le=3650)
    """How long a backup of the key store stays; then it takes the keys of those who were erased since with it."""

    allowances: dict[str, str] = {}
    """How much one caller may ask: ``{"shop": "6000/minute", "person": "120/minute"}``."""
    redis: SecretStr | None = None
    """Address of the Redis that counts allowances for all workers."""
    redis_file: Path | None = None
    """A file that holds that address."""

    queue: int = Field(32, ge=0, le=1000)
    """Requests of a worker that may wait while all its threads are busy; further ones are answered 429."""

    queue_wait_ms: int = Field(10_000, ge=1)
    """How long one of them waits at most."""

    tls_by_proxy: bool = False
    """A proxy ends TLS before this service, so that it may listen where others can reach it."""

    retrain_days: int = Field(30, ge=1, le=365)
    """How long after an erasure a model that learnt from the person, without differential privacy, may stay."""

    sample_products: int = Field(1000, ge=1, le=1000)
    """Size of the demo's catalogue."""

    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024)
    max_query_chars: int = Field(1000, ge=1)
    max_rerank_documents: int = Field(1000, ge=1)
    max_document_chars: int = Field(100_000, ge=1)
    """Of one text that is sent to be ranked or encoded; models read only its beginning."""
    max_events: int = Field(1000, ge=1, le=10_000)
    """Of one call of ``/v1/events``."""
    max_json_depth: int = Field(64, ge=4)

    @property
    def keys_path(self) -> Path:
        """Where the digests of the shop's keys lie."""
        return self.keys_file or self.home / "keys.json"

    @property
    def master_keys_path(self) -> Path:
        """The file of master keys."""
        return self.master_keys_file or self.home / "secrets" / "master-keys.json"

    @property
    def person_keys_path(self) -> Path:
        """Where the keys lie that sign person tokens."""
        return self.home / "secrets" / "person-tokens.json"

    @property
    def weights_path(self) -> Path:
        """Where the shop's own weights of signals lie."""
        return self.signal_weights or self.home / "signal-weights.json"

    @property
    def trained_models_path(self) -> Path:
        """The register of models that learnt from people."""
        return self.home / "trained-on-people.json"

    @property
    def sequence_path(self) -> Path:
        """Where the sequence models of the catalogues lie."""
        return self.sequence_models or self.home / "sequence"

    @property
    def blend_path(self) -> Path:
        """Where the blends of the catalogues lie."""
        return self.blends or self.home / "blend"

    @property
    def experiments_path(self) -> Path:
        """Where it says which two rankings share the pages of a catalogue."""
        return self.home / "experiments"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, and that over ``hybridrank.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
