"""Where a partner's files are: what every connector asks that exchanges files, and how the folder is opened from it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from crossdock.connectors.kit.door import Door
from crossdock.connectors.kit.files import Folder
from crossdock.connectors.kit.http import Record
from crossdock.connectors.kit.local_files import NAME, open_local
from crossdock.connectors.kit.recorded_files import RecordedFolder
from crossdock.connectors.kit.settings import ConnectorSettings, setting

_SFTP = ("transport", ("sftp",))

FOLDER_PATH = r"^/?[^\x00-\x1f\\]{0,200}$"
"""What may be typed as a folder below the root."""


class FolderSettings(ConnectorSettings):
    """A partner's folder, over SFTP or on this machine. One login or folder holds one merchant's files."""

    transport: str = setting(
        "Where the files are",
        "An SFTP server of either side, or a folder on the machine that runs Crossdock.",
        choices=(("sftp", "SFTP server"), ("folder", "Folder on this machine")),
        default="sftp",
        is_address=True,
        pattern="^(sftp|folder)$",
    )
    folder: str = setting(
        "Folder name",
        "A name for your folder on the machine that runs Crossdock, such as “acme”: small letters, digits and dashes.",
        default="",
        is_address=True,
        shown_when=("transport", ("folder",)),
        placeholder="acme",
        pattern=rf"{NAME}|^$",
    )
    host: str = setting(
        "SFTP host",
        "The server's name without sftp:// in front.",
        default="",
        is_address=True,
        shown_when=_SFTP,
        placeholder="sftp.example.com",
        max_length=253,
    )
    port: int = setting("Port", "22 unless you were told another.", default=22, is_address=True, shown_when=_SFTP, ge=1, le=65535)
    username: str = setting(
        "User name", "The login of this merchant at the server.", default="", shown_when=_SFTP, max_length=200
    )
    password: SecretStr | None = setting(
        "Password", "Leave empty when the server takes a private key.", default=None, shown_when=_SFTP
    )
    private_key: SecretStr | None = setting(
        "Private key",
        "The whole text, from “-----BEGIN” to “-----END”, when the server takes a key.",
        default=None,
        shown_when=_SFTP,
    )
    passphrase: SecretStr | None = setting(
        "Passphrase of the private key", "Only if the private key is protected by one.", default=None, shown_when=_SFTP
    )
    host_key: str = setting(
        "Host key fingerprint",
        "Leave empty and test the connection: the fingerprint the server shows appears here. Compare it with the one the server's "
        "owner gave you, then paste it.",
        default="",
        shown_when=_SFTP,
        placeholder="SHA256:…",
        max_length=4000,
    )
    root: str = setting(
        "Root folder",
        "Where /in and /out lie at the server; / when the login lands there.",
        default="/",
        is_address=True,
        shown_when=_SFTP,
        pattern=FOLDER_PATH,
    )

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        needed = {"folder": ("folder",), "sftp": ("host", "username")}[self.transport]
        for name in needed:
            if not getattr(self, name):
                raise missing(name, f"{type(self).model_fields[name].title} is needed.")
        if self.transport == "sftp" and not (self.password or self.private_key):
            raise missing("password", "A password or a private key is needed.")
        return self

    @property
    def inside(self) -> tuple[str, ...]:
        """The folders that a new one on this machine is made with."""
        return ()

    @property
    def place(self) -> str:
        """What never changes about a folder, as an identity: where it is and whose login opens it."""
        if self.transport == "folder":
            return f"folder:{self.folder}"
        return f"sftp://{self.username}@{self.host.casefold()}:{self.port}/{self.root.strip('/')}"


def missing(field: str, sentence: str) -> ValidationError:
    """An error that stands beside its field, which a plain ValueError of the whole form would not."""
    detail = InitErrorDetails(type=PydanticCustomError("missing", "{sentence}", {"sentence": sentence}), loc=(field,), input="")
    return ValidationError.from_exception_data("Settings", [detail])


@asynccontextmanager
async def open_folder(
    settings: FolderSettings,
    *,
    door: Door,
    folder_roots: Sequence[Path],
    may_write: bool,
    record: Record,
) -> AsyncIterator[Folder]:
    """The partner's folder, by whichever way the settings name. A folder on this machine that is new is made with the settings'
    `inside`.

    Raises InvalidData or AuthenticationFailed with the field at fault.
    """
    if settings.transport == "folder":
        async with open_local(folder_roots, settings.folder, may_write=may_write, inside=settings.inside) as folder:
            yield RecordedFolder(folder, record)
        return
    # Only where a server is opened: the SSH library and what it brings take eight megabytes of every process.
    from crossdock.connectors.kit.sftp_files import SftpLogin, open_sftp

    login = SftpLogin(
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        private_key=settings.private_key.get_secret_value() if settings.private_key else None,
        passphrase=settings.passphrase.get_secret_value() if settings.passphrase else None,
        host_key=settings.host_key,
        root=settings.root,
    )
    async with open_sftp(login, door=door, may_write=may_write) as folder:
        yield RecordedFolder(folder, record)
