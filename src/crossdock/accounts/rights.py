"""Who may do what: one table of roles and rights, read by services, pages, tests and docs."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from crossdock.accounts.models import Role
from crossdock.domain.errors import RuleBroken
from crossdock.tenancy.scope import scoped


class Right(StrEnum):
    """One thing that a role may or may not do."""

    VIEW_ORDERS = "view_orders"
    ACT_ON_ORDERS = "act_on_orders"
    EDIT_ORDERS = "edit_orders"
    DELETE_ORDERS = "delete_orders"
    FORCE_DELETE_ORDERS = "force_delete_orders"
    EXPORT = "export"
    SEE_PERSONAL = "see_personal"
    SEE_MESSAGES = "see_messages"
    VIEW_CONNECTIONS = "view_connections"
    MANAGE_CONNECTIONS = "manage_connections"
    RUN_CHANNELS = "run_channels"
    REPLACE_CREDENTIALS = "replace_credentials"
    GO_LIVE = "go_live"
    DELETE_CONNECTIONS = "delete_connections"
    MANAGE_ALERTS = "manage_alerts"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_ACCOUNT = "manage_account"
    SEE_AUDIT = "see_audit"


# What each right lets somebody do, in the words of a refusal: "You may not …".
DOES: dict[Right, str] = {
    Right.VIEW_ORDERS: "look at orders and shipments",
    Right.ACT_ON_ORDERS: "reprocess, reset or archive orders",
    Right.EDIT_ORDERS: "edit orders and addresses",
    Right.DELETE_ORDERS: "delete orders",
    Right.FORCE_DELETE_ORDERS: "delete orders that were already sent to a warehouse",
    Right.EXPORT: "export orders",
    Right.SEE_PERSONAL: "see personal data in stored exchanges",
    Right.SEE_MESSAGES: "see what was exchanged with a store or warehouse",
    Right.VIEW_CONNECTIONS: "look at stores, warehouses and connections",
    Right.MANAGE_CONNECTIONS: "add or change stores, warehouses and connections",
    Right.RUN_CHANNELS: "run a channel now",
    Right.REPLACE_CREDENTIALS: "replace credentials",
    Right.GO_LIVE: "take a connection live",
    Right.DELETE_CONNECTIONS: "delete stores, warehouses and connections",
    Right.MANAGE_ALERTS: "change alerts for the whole account",
    Right.MANAGE_PEOPLE: "invite people or change their roles",
    Right.MANAGE_ACCOUNT: "change the account's settings",
    Right.SEE_AUDIT: "read the audit log",
}

_ONLY_ADMINISTRATORS = frozenset(
    {
        Right.FORCE_DELETE_ORDERS,
        Right.DELETE_CONNECTIONS,
        Right.MANAGE_ALERTS,
        Right.MANAGE_PEOPLE,
        Right.MANAGE_ACCOUNT,
        Right.SEE_AUDIT,
    }
)

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.STAFF: frozenset(Right) - _ONLY_ADMINISTRATORS,
    Role.MERCHANT: frozenset({Right.VIEW_ORDERS}),
}


CONFIRMED: frozenset[Right] = frozenset({Right.GO_LIVE, Right.REPLACE_CREDENTIALS, Right.MANAGE_PEOPLE})
"""What a person does only within a quarter of an hour after having signed in or confirmed; see `confirming`.

Besides these: adding a store or warehouse, and taking out more than a thousand rows (`Actor.require_confirmed`).
"""


class Forbidden(RuleBroken):
    """This person's role does not include what was asked for."""


class NotConfirmed(Exception):
    """The person may do it, and has to confirm first that it is still the same person. `back` is where it goes on, if that is known.

    No broken rule, so that no form shows it as one: it goes through to whatever can ask.
    """

    def __init__(self, back: str = "") -> None:
        super().__init__("this has to be confirmed first")
        self.back = back


@dataclass(frozen=True)
class Actor:
    """Somebody at work in one account. `merchants` is None for all of them, else the ids this person is limited to.

    `person_id` is None when Crossdock itself acts, or an operator at the command line. `is_confirmed` tells of a person in a browser
    whether it is sure who that is: it signed in, or confirmed, a short while ago.
    """

    account_id: int
    person_id: int | None
    role: Role
    merchants: tuple[int, ...] | None = None
    name: str = ""
    is_confirmed: bool = True

    @property
    def rights(self) -> frozenset[Right]:
        """Everything this actor may do."""
        return RIGHTS[self.role]

    def may(self, right: Right) -> bool:
        """Whether the role includes the right."""
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Before something is done: raises Forbidden unless the role includes the right, NotConfirmed where it is one of CONFIRMED."""
        self.require_role(right)
        if right in CONFIRMED:
            self.require_confirmed()

    def require_role(self, right: Right) -> None:
        """Before something is shown: raises Forbidden, with a sentence, unless the role includes the right."""
        if not self.may(right):
            raise Forbidden(f"You may not {DOES[right]}. Ask an administrator of this account.")

    def require_confirmed(self, back: str = "") -> None:
        """Raises NotConfirmed for a person who last signed in or confirmed too long ago; it comes back to `back` then."""
        if not self.is_confirmed:
            raise NotConfirmed(back)

    def require_all_merchants(self, what: str) -> None:
        """Raises Forbidden for somebody limited to some merchants: for what concerns the whole account."""
        if self.merchants is not None:
            raise Forbidden(
                f"You may not {what}, since you see some of the merchants only. Ask an administrator of this account."
            )

    def scope(self) -> AbstractContextManager[None]:
        """The account's transaction, limited to what this person may see."""
        return scoped(self.account_id, self.merchants)

    def sees(self, merchant_id: int) -> bool:
        """Whether rows of this merchant are this person's to see."""
        return self.merchants is None or merchant_id in self.merchants


def system(account_id: int, name: str = "Crossdock") -> Actor:
    """Crossdock itself, or the operator at the command line: may do everything, in one account."""
    return Actor(account_id=account_id, person_id=None, role=Role.ADMINISTRATOR, name=name)
