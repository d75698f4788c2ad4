"""The pages about configuration and HTTP say what the code does."""

from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from service import policy
from service.app import create_app
from service.keys import KeyRing
from service.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def test_every_setting_is_documented_with_its_default():
    text = (DOCS / "configuration.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        shown = str(field.validation_alias or f"HYBRIDRANK_{name.upper()}")
        assert f"`{shown}`" in text, shown
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            row = next(line for line in text.splitlines() if f"`{shown}`" in line)
            assert f"| {field.default:g} |" in row or f"| {field.default:.0f} |" in row, row


def test_every_path_is_documented():
    text = (DOCS / "http.md").read_text("utf-8")
    application = create_app(Settings(), demo=True)
    for path in application.spec["paths"]:
        assert path in text, path


def test_the_policy_names_endpoints_that_exist():
    application = create_app(Settings(), demo=True)
    assert set(policy.load().endpoints) == set(application.view_functions)


def test_the_openapi_document_resolves_and_names_every_problem():
    application = create_app(Settings(), demo=True)
    spec = application.spec
    assert spec["openapi"].startswith("3.1")
    operations = [operation for item in spec["paths"].values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["4XX"]["content"]

    def references(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "$ref":
                    yield inner
                else:
                    yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(spec):
        _, kind, name = reference.removeprefix("#/").split("/")
        assert name in spec["components"][kind], reference


def test_a_validator_accepts_the_openapi_document():
    for application in (create_app(Settings(), demo=True), create_app(Settings(), ring=KeyRing.__new__(KeyRing))):
        OpenAPIV31SpecValidator(application.spec).validate()
