"""What Acme merchants are asked."""

from pydantic import SecretStr

from crossdock.connectors.kit.settings import StoreSettings, setting


class Settings(StoreSettings):
    """One Acme shop."""

    shop: str = setting(
        "Shop name",
        "The part before .acme.example.com in your shop's address. Example: northwind",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        is_address=True,
        placeholder="northwind",
    )
    client_id: str = setting("Client ID", "Acme › Settings › API › your app.", pattern=r"^[A-Za-z0-9-]{1,100}$")
    client_secret: SecretStr = setting("Client secret", "Beside the client ID; shown once.")
