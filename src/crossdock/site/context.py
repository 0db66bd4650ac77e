"""What every template knows."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Whether this is the demo, and the address people reach us at."""
    return {"is_demo": settings.IS_DEMO, "public_url": settings.PUBLIC_URL}
