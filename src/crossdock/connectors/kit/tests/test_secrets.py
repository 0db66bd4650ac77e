"""Where secrets are opened."""

import ast
from pathlib import Path

from pydantic import SecretStr

from crossdock.connectors.kit.auth import Masker, secrets_of
from crossdock.connectors.kit.settings import ConnectorSettings

CONNECTORS = Path(__file__).parents[2]

HANDED_ON = {"kit/folder_settings.py"}
"""Gives the typed password to the SFTP login; signs nothing itself."""


def test_secrets_are_opened_in_modules_named_auth_and_nowhere_else():
    opened = {
        str(path.relative_to(CONNECTORS))
        for path in CONNECTORS.rglob("*.py")
        if not {"tests", "simulator"} & set(path.parts) and path.name != "secret.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("reveal", "get_secret_value")
    }

    assert {name for name in opened if not name.endswith("auth.py")} == HANDED_ON
    assert "kit/auth.py" in opened


def test_what_is_made_from_a_secret_is_masked_like_it():
    class Settings(ConnectorSettings):
        key: SecretStr = SecretStr("a typed secret")

        def derived_secrets(self):
            return ("made of it 0123",)

    masked = Masker(secrets_of(Settings(), None))

    assert masked.text("a typed secret, made of it 0123, an innocent word") == "[secret], [secret], an innocent word"
