"""What people type: one pydantic class per connector makes the form, its validation, what is encrypted, and the docs.

Secrets are `SecretStr`. `setting` gives a field its words; `fields_of` reads them back as data.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, get_args, get_origin
from zoneinfo import available_timezones

from msgspec import Struct
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticUndefined


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: frozen, unknown keys refused, text trimmed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    def derived_secrets(self) -> tuple[str, ...]:
        """Secrets made from the typed ones, such as a header that messages carry: nowhere written down either."""
        return ()


def _is_a_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("No such time zone. Names look like America/New_York or Europe/Berlin.")
    return name


Zone = Annotated[str, AfterValidator(_is_a_zone)]
"""The name of a time zone."""


class Choice(Struct, frozen=True):
    """One option of a field: what is stored, and what people read."""

    value: str
    label: str


class FieldKind(StrEnum):
    """How a field is asked for."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    SECRET = "secret"  # noqa: S105  (the name of a kind of field)
    SWITCH = "switch"
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    MOMENT = "moment"


class FieldSpec(Struct, frozen=True):
    """One question of a connector's form.

    `loads` says that the choices are asked from the platform (`Client.choices(name)`) once the credentials work. `shown_when` is
    (other field, values): the field is asked only then. `group` is credentials or import; identity fields (`is_address`) decide
    where secrets are sent, so changing one asks for the secrets again. `expiry_of` names the field whose end this moment is; see
    `kit.expiry`.
    """

    name: str
    label: str
    help: str
    kind: FieldKind
    required: bool
    default: Any
    choices: tuple[Choice, ...]
    loads: bool
    group: str
    is_address: bool
    shown_when: tuple[str, tuple[str, ...]] | None
    placeholder: str | None
    expiry_of: str | None = None


def setting(
    label: str,
    help: str,
    *,
    default: Any = PydanticUndefined,
    choices: Sequence[tuple[str, str]] = (),
    loads: bool = False,
    group: str = "credentials",
    is_address: bool = False,
    shown_when: tuple[str, tuple[str, ...]] | None = None,
    placeholder: str | None = None,
    long: bool = False,
    expiry_of: str | None = None,
    **constraints: Any,
) -> Any:
    """A field of a settings class, with the words people need to fill it in. `constraints` go to pydantic (pattern, ge, le ...)."""
    extra = {
        "choices": [Choice(value, text) for value, text in choices],
        "loads": loads,
        "group": group,
        "is_address": is_address,
        "shown_when": shown_when,
        "placeholder": placeholder,
        "long": long,
        "expiry_of": expiry_of,
    }
    field = Field(default, title=label, description=help, **constraints)
    # As metadata, not as JSON schema: the hub reads it through `fields_of` alone.
    field.metadata.append(_Words(extra))
    return field


class _Words:
    """Carries what `setting` was told to `fields_of`."""

    def __init__(self, extra: dict[str, Any]) -> None:
        self.extra = extra


class StoreSettings(ConnectorSettings):
    """What every store is asked, whatever its platform. Connectors inherit it and put their own questions beside it."""

    def keeps_orders_known(self, before: Any) -> bool:
        """Whether orders that were read with the settings `before` have the same ids with these. False where they would come as new
        ones: only where the settings say by what orders are told apart.
        """
        return True

    order_number_prefix: str = setting(
        "Order number prefix",
        "Put before each order number at the warehouse, so that two stores which ship from the same one cannot collide. "
        "Leave it empty if this warehouse serves one store only. Example: ACME-",
        default="",
        group="import",
        pattern=r"^[A-Za-z0-9._-]*$",
        max_length=12,
    )
    delay_minutes: int = setting(
        "Delay orders by (minutes)",
        "How long an order rests after it was placed before it goes to the warehouse. Gives shoppers and staff time to change it. "
        "0 sends it at once.",
        default=0,
        group="import",
        ge=0,
        le=43_200,
    )
    accept_orders_after: datetime | None = setting(
        "Accept orders after",
        "Orders placed before this moment are kept as Skipped and not sent. Empty: the moment the connection goes Live.",
        default=None,
        group="import",
    )
    import_test_orders: bool = setting(
        "Import test orders",
        "Also take orders that were placed with a test payment. The warehouse would ship them like any other.",
        default=False,
        group="import",
    )

    @field_validator("accept_orders_after")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("say the time zone")
        return value.astimezone(UTC) if value is not None else None


def fields_of(settings: type[ConnectorSettings]) -> tuple[FieldSpec, ...]:
    """The questions of a settings class, in the order they were declared; what every store is asked comes after its platform's."""
    specs = []
    common = StoreSettings.model_fields
    for name, info in sorted(settings.model_fields.items(), key=lambda field: field[0] in common):
        extra: dict[str, Any] = next((m.extra for m in info.metadata if isinstance(m, _Words)), {})
        choices = tuple(extra.get("choices", ()))
        required = info.is_required()
        default = None if required else info.get_default(call_default_factory=True)
        specs.append(
            FieldSpec(
                name=name,
                label=info.title or name,
                help=info.description or "",
                kind=_kind(info.annotation, bool(choices) or bool(extra.get("loads")), bool(extra.get("long"))),
                required=required,
                default=default,
                choices=choices,
                loads=bool(extra.get("loads")),
                group=extra.get("group", "credentials"),
                is_address=bool(extra.get("is_address")),
                shown_when=extra.get("shown_when"),
                placeholder=extra.get("placeholder"),
                expiry_of=extra.get("expiry_of"),
            )
        )
    return tuple(specs)


def _kind(annotation: Any, has_choices: bool, long: bool) -> FieldKind:
    types = {annotation, *get_args(annotation)}
    if SecretStr in types:
        return FieldKind.SECRET
    if get_origin(annotation) in (tuple, list, frozenset):
        return FieldKind.CHOICES
    if has_choices:
        return FieldKind.CHOICE
    if bool in types:
        return FieldKind.SWITCH
    if int in types:
        return FieldKind.NUMBER
    if datetime in types:
        return FieldKind.MOMENT
    return FieldKind.LONG_TEXT if long else FieldKind.TEXT


def secret_fields(settings: type[ConnectorSettings]) -> frozenset[str]:
    """Names of the fields that are encrypted and never shown."""
    return frozenset(spec.name for spec in fields_of(settings) if spec.kind is FieldKind.SECRET)
